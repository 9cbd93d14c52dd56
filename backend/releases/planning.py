"""Making a rollout: whom it concerns, in which groups. Both are fixed here; a kiosk entered later is not in it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Annotated
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import ColumnElement, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.fleet_api import IdentityState
from backend.fleet.models import Kiosk, KioskState
from backend.regions.division import Level, ancestor, is_code, span_of
from backend.releases.models import Release, Rollout, RolloutGroup, RolloutMember
from backend.releases.states import GroupState, MemberState, ReleaseKind, RolloutState
from backend.staff.access import within
from backend.staff.audit import record
from backend.staff.roles import Permission, Staff

_AT_ONCE = 2000  # rows of one statement
Name = Annotated[str, Field(min_length=1, max_length=60)]


class _Plan(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Selection(_Plan):
    """Kiosks by region, site or name; several are added up. Nothing at all selects nothing."""

    regions: list[Annotated[str, Field(pattern=r"^[0-9]{12}$")]] = Field(default=[], max_length=500)
    sites: list[Name] = Field(default=[], max_length=5000)
    kiosks: list[Name] = Field(default=[], max_length=5000)

    def where(self) -> ColumnElement[bool]:
        spans = [span_of(code) for code in self.regions if is_code(code)]
        return or_(
            False,
            *(Kiosk.region_code.between(span.low, span.high) for span in spans),
            *([Kiosk.site_id.in_(self.sites)] if self.sites else []),
            *([Kiosk.kiosk_id.in_(self.kiosks)] if self.kiosks else []),
        )


class GroupPlan(_Plan):
    """Either a `selection` of its own, or a `share` (percent) of all that no selection has named."""

    name: Name
    selection: Selection | None = None
    share: Annotated[float, Field(gt=0, le=100)] | None = None

    @model_validator(mode="after")
    def _one_of(self) -> GroupPlan:
        if (self.selection is None) == (self.share is None):
            raise ValueError("a group has either a selection or a share")
        return self


class RolloutPlan(_Plan):
    """What staff ask for. The last group takes all that is left."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    release_id: Name
    members: Selection
    groups: list[GroupPlan] = Field(
        default=[GroupPlan(name="1", share=1), GroupPlan(name="2", share=10), GroupPlan(name="3", share=100)],
        min_length=1,
        max_length=20,
    )
    max_error_share: Annotated[float, Field(ge=0, lt=1)] = 0.02
    min_sample: Annotated[int, Field(ge=1, le=10_000)] = 10
    silence_s: Annotated[int, Field(ge=30, le=604_800)] = 3600
    reach_s: Annotated[int, Field(ge=30, le=2_592_000)] = 86_400
    soak_s: Annotated[int, Field(ge=0, le=604_800)] = 1800
    window_from: Annotated[int, Field(ge=0, lt=1440)] | None = None
    window_to: Annotated[int, Field(ge=0, lt=1440)] | None = None
    bytes_per_s: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0

    @model_validator(mode="after")
    def _whole_window(self) -> RolloutPlan:
        if (self.window_from is None) != (self.window_to is None):
            raise ValueError("a window has a beginning and an end")
        return self


class PlanError(Exception):
    """The plan cannot be carried out; the text says what to change (English, `zh`), `code` is for programs. `link`: the
    console's page of what is in the way."""

    def __init__(self, code: str, text: str, zh: str, link: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.zh = zh
        self.link = link


@dataclass
class Snapshot:
    """Who is in it: kiosk → region, and kiosk → group number."""

    regions: dict[str, str] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def sizes(self, plan: RolloutPlan) -> list[int]:
        sizes = [0] * len(plan.groups)
        for number in self.groups.values():
            sizes[number - 1] += 1
        return sizes


async def snapshot(
    session: AsyncSession, staff: Staff, plan: RolloutPlan, kind: str, version: str, salt: str
) -> Snapshot:
    """The enrolled kiosks that the plan selects and `staff` may release to, each in its group. Raises PlanError."""
    running = KioskState.software if kind == ReleaseKind.SOFTWARE else KioskState.content
    enrolled = (
        select(Kiosk.kiosk_id, Kiosk.region_code, running)
        .join(KioskState, KioskState.kiosk_id == Kiosk.kiosk_id)
        .where(Kiosk.identity == IdentityState.ENROLLED.value, within(Kiosk.region_code, staff, Permission.RELEASE))
    )
    made = Snapshot()
    if kind != ReleaseKind.TRIAL:
        enrolled = enrolled.where(running != version)  # what runs already proves nothing about the rollout
    for kiosk_id, region, before in await session.execute(enrolled.where(plan.members.where())):
        made.regions[kiosk_id] = region
        made.versions[kiosk_id] = before if kind != ReleaseKind.TRIAL else ""
    if not made.regions:
        raise PlanError(
            "nobody",
            "no enrolled kiosk is selected that does not run this version already",
            "没有选中任何已注册、且尚未运行此版本的终端",
        )
    for number, group in enumerate(plan.groups, start=1):
        if group.selection is not None:
            for (kiosk_id,) in await session.execute(
                select(Kiosk.kiosk_id).where(plan.members.where(), group.selection.where())
            ):
                if kiosk_id in made.regions:
                    made.groups.setdefault(kiosk_id, number)
    _share_out(made, plan, salt)
    if any(size == 0 for size in made.sizes(plan)):
        empty = [group.name for group, size in zip(plan.groups, made.sizes(plan), strict=True) if size == 0]
        raise PlanError(
            "empty-group",
            f"groups without a kiosk: {', '.join(empty)}: fewer groups, or more kiosks",
            f"以下批次没有终端：{'、'.join(empty)}；请减少批次或多选终端",
        )
    return made


def _share_out(made: Snapshot, plan: RolloutPlan, salt: str) -> None:
    """The rest by chance, but the same chance for the same rollout: a kiosk is not always the first."""
    rest = sorted(
        (kiosk_id for kiosk_id in made.regions if kiosk_id not in made.groups),
        key=lambda kiosk_id: blake2b(f"{salt}{kiosk_id}".encode(), digest_size=8).digest(),
    )
    whole, begin = len(rest), 0
    for number, group in enumerate(plan.groups, start=1):
        if group.share is not None and begin < whole:
            end = min(whole, begin + max(1, round(whole * group.share / 100)))
            made.groups.update(dict.fromkeys(rest[begin:end], number))
            begin = end
    made.groups.update(dict.fromkeys(rest[begin:], len(plan.groups)))


async def make_rollout(session: AsyncSession, staff: Staff, plan: RolloutPlan, at: datetime) -> Rollout:
    """A draft with its members; the caller commits. Raises PlanError."""
    release = await session.get(Release, plan.release_id)
    if release is None:
        raise PlanError("no-release", "there is no such release", "没有这个版本")
    rollout_id = uuid4().hex
    made = await snapshot(session, staff, plan, release.kind, release.version, rollout_id)
    rollout = Rollout(
        rollout_id=rollout_id,
        release_id=release.release_id,
        title=plan.title,
        region_code=common_region(made.regions.values()),
        state=RolloutState.DRAFT.value,
        created_by=staff.staff_id,
        created_at=at,
        **plan.model_dump(exclude={"title", "release_id", "members", "groups"}),
    )
    session.add(rollout)
    await session.flush()
    for number, (group, size) in enumerate(zip(plan.groups, made.sizes(plan), strict=True), start=1):
        session.add(
            RolloutGroup(
                rollout_id=rollout_id, number=number, name=group.name, size=size, state=GroupState.WAITING.value
            )
        )
    await session.flush()
    rows = [
        {
            "rollout_id": rollout_id,
            "kiosk_id": kiosk_id,
            "group_number": made.groups[kiosk_id],
            "region_code": region,
            "state": MemberState.WAITING.value,
            "previous_version": made.versions[kiosk_id],
        }
        for kiosk_id, region in made.regions.items()
    ]
    for start in range(0, len(rows), _AT_ONCE):
        await session.execute(insert(RolloutMember), rows[start : start + _AT_ONCE])
    detail = {"release": release.version, "kind": release.kind, "kiosks": len(rows), "title": plan.title}
    await record(
        session,
        staff.staff_id,
        "rollout.make",
        f"rollout:{rollout_id}",
        at,
        region_code=rollout.region_code,
        detail=detail,
    )
    return rollout


def common_region(codes: Collection[str]) -> str:
    """The smallest region that holds all of them."""
    low, high = min(codes), max(codes)
    return next(ancestor(low, level) for level in reversed(Level) if ancestor(low, level) == ancestor(high, level))
