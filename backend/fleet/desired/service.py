"""Changing settings: checked, tried dry, recorded, told to the kiosks it concerns, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, and_, func, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.kiosk_settings import Value, fault_of
from backend.fleet.desired.hierarchy import Effective, Place, places_of, resolve
from backend.fleet.desired.models import SettingRevision, SettingValue
from backend.fleet.desired.revisions import current_revision
from backend.fleet.models import Kiosk, Site
from backend.regions.division import COUNTRY, Level, ancestor, is_code, level_of, lineage, span_of
from backend.regions.models import Region
from backend.staff.audit import record
from backend.staff.roles import Permission, Staff

_REVISION_LOCK = 0x4D4B5354  # PostgreSQL advisory lock: revisions are numbered one after the other
_EXAMPLES = 50  # kiosks looked at one by one in a dry run

Said = dict[Place, dict[str, tuple[Value, int]]]


class Change(BaseModel):
    """`value` None: this place says nothing any more; the wider one counts again."""

    model_config = ConfigDict(extra="forbid")

    scope: Literal["region", "site", "kiosk"]
    scope_id: Annotated[str, Field(min_length=1, max_length=60)]
    key: Annotated[str, Field(max_length=60)]
    value: bool | int | float | str | None


class ChangeError(Exception):
    """A change that cannot be; the text names it (English). `code`: "invalid", "not-found", "not-allowed" or
    "conflict"."""

    def __init__(self, code: str, what: str, key: str = "") -> None:
        super().__init__(f"{key} {what}" if key else what)
        self.code = code
        self.key = key  # of the setting, if it is one's value
        self.what = what


@dataclass(frozen=True)
class Step:
    """One change with what it replaces."""

    change: Change
    before: Value | None

    def as_dict(self) -> dict[str, Any]:
        return {**self.change.model_dump(exclude={"value"}), "before": self.before, "after": self.change.value}


@dataclass(frozen=True)
class Preview:
    """What a change set would do. `kiosks` live in its places; of up to fifty of them `examples` shows every value
    that would really change: kiosk → key → (before, after)."""

    steps: tuple[Step, ...]
    kiosks: int
    examples: dict[str, dict[str, tuple[Value, Value]]]
    looked_at: int


async def preview(session: AsyncSession, staff: Staff, changes: Sequence[Change]) -> Preview:
    """The dry run. Raises ChangeError."""
    steps, _ = await _check(session, staff, changes)
    where = concerned([(step.change.scope, step.change.scope_id) for step in steps])
    kiosks = await session.scalar(select(func.count()).select_from(Kiosk).where(where)) or 0
    examples: dict[str, dict[str, tuple[Value, Value]]] = {}
    sample = list(await session.scalars(select(Kiosk).where(where).order_by(Kiosk.kiosk_id).limit(_EXAMPLES)))
    said = await _said(session, [place for kiosk in sample for place in _places(kiosk)])
    after = {place: dict(keys) for place, keys in said.items()}
    for step in steps:
        at = after.setdefault((step.change.scope, step.change.scope_id), {})
        if step.change.value is None:
            at.pop(step.change.key, None)
        else:
            at[step.change.key] = (step.change.value, 0)
    for kiosk in sample:
        old, new = resolve(_places(kiosk), said), resolve(_places(kiosk), after)
        moved = {key: (old[key].value, new[key].value) for key in old if old[key].value != new[key].value}
        if moved:
            examples[kiosk.kiosk_id] = moved
    return Preview(steps, kiosks, examples, len(sample))


async def apply(
    session: AsyncSession,
    staff: Staff,
    changes: Sequence[Change],
    note: str,
    at: datetime,
    *,
    reverts: int | None = None,
) -> SettingRevision:
    """Bring a change set into force; the caller commits. Kiosks hear of it with their next heartbeat.
    Raises ChangeError."""
    await _one_after_the_other(session)
    steps, region = await _check(session, staff, changes)
    number = await current_revision(session) + 1
    for step in steps:
        await _put(session, step.change, number)
    revision = SettingRevision(
        revision=number,
        at=at,
        by=staff.staff_id,
        note=note[:300],
        region_code=region,
        changes=[step.as_dict() for step in steps],
        reverts=reverts,
    )
    session.add(revision)
    where = concerned([(step.change.scope, step.change.scope_id) for step in steps])
    kiosks = await session.scalar(select(func.count()).select_from(Kiosk).where(where)) or 0
    detail = {"revision": number, "changes": revision.changes, "note": revision.note, "kiosks": kiosks}
    if reverts is not None:
        detail["reverts"] = reverts
    action = "settings.revert" if reverts is not None else "settings.change"
    await record(session, staff.staff_id, action, f"settings:{number}", at, region_code=region, detail=detail)
    return revision


async def revert(session: AsyncSession, staff: Staff, revision: int, note: str, at: datetime) -> SettingRevision:
    """Undo a revision by a new one. Refused where a later one has changed the same place and key: that would undo it
    as well. Raises ChangeError."""
    await _one_after_the_other(session)
    old = await session.get(SettingRevision, revision)
    if old is None or not staff.may(Permission.VIEW, old.region_code):
        raise ChangeError("not-found", "there is no such revision")
    changes = []
    for entry in old.changes:
        change = Change(scope=entry["scope"], scope_id=entry["scope_id"], key=entry["key"], value=entry["before"])
        now = await session.get(SettingValue, (change.scope, change.scope_id, change.key))
        # Typed: 1 and True, or 60 and 60.0, are equal in Python.
        if _typed(now.value if now else None) != _typed(entry["after"]):
            raise ChangeError("conflict", f"{change.key} of {change.scope} {change.scope_id} was changed again since")
        changes.append(change)
    return await apply(session, staff, changes, note, at, reverts=revision)


async def _one_after_the_other(session: AsyncSession) -> None:
    """What is checked must still be so when it is written."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _REVISION_LOCK})


async def effective(session: AsyncSession, kiosk: Kiosk) -> dict[str, Effective]:
    """Every setting of a kiosk with its provenance."""
    places = _places(kiosk)
    return resolve(places, await _said(session, places))


async def at_place(session: AsyncSession, scope: str, scope_id: str) -> dict[str, Effective] | None:
    """Every setting as it stands at a region, site or kiosk; None if there is no such place."""
    if scope == "region":
        if scope_id != COUNTRY and await session.get(Region, scope_id) is None:
            return None
        places: list[Place] = [("region", code) for code in lineage(scope_id)]
    elif scope == "site":
        site = await session.get(Site, scope_id)
        if site is None:
            return None
        places = places_of("", site.site_id, site.region_code)[:-1]
    else:
        kiosk = await session.get(Kiosk, scope_id)
        if kiosk is None:
            return None
        places = _places(kiosk)
    return resolve(places, await _said(session, places))


def concerned(places: Sequence[Place]) -> ColumnElement[bool]:
    """The kiosks that live in these places."""
    parts: list[ColumnElement[bool]] = []
    for scope, scope_id in places:
        if scope == "region":
            span = span_of(scope_id)
            parts.append(Kiosk.region_code.between(span.low, span.high))
        else:
            parts.append((Kiosk.site_id if scope == "site" else Kiosk.kiosk_id) == scope_id)
    return or_(False, *parts)


async def _check(session: AsyncSession, staff: Staff, changes: Sequence[Change]) -> tuple[tuple[Step, ...], str]:
    """The steps, without those that change nothing, and the smallest region around them."""
    if not changes:
        raise ChangeError("invalid", "nothing is to be changed")
    places = [(change.scope, change.scope_id, change.key) for change in changes]
    if len(set(places)) != len(places):
        raise ChangeError("invalid", "the same setting of the same place is changed twice")
    regions, steps = [], []
    for change in changes:
        region = await _region_of(session, change)
        if region is None or not staff.may(Permission.VIEW, region):
            raise ChangeError("not-found", f"there is no {change.scope} {change.scope_id}")
        if not staff.may(Permission.CONFIGURE, region):
            raise ChangeError("not-allowed", f"needs the permission configure for {change.scope} {change.scope_id}")
        if change.value is not None and (fault := fault_of(change.key, change.value)) is not None:
            raise ChangeError("invalid", fault, change.key)
        now = await session.get(SettingValue, (change.scope, change.scope_id, change.key), populate_existing=True)
        before = now.value if now is not None else None
        if _typed(before) != _typed(change.value):
            steps.append(Step(change, before))
            regions.append(region)
    if not steps:
        raise ChangeError("invalid", "everything is set like that already")
    low, high = min(regions), max(regions)
    around = next(ancestor(low, level) for level in reversed(Level) if ancestor(low, level) == ancestor(high, level))
    # A region's own code may lie above what its members share.
    return tuple(steps), min((around, *regions), key=level_of)


async def _region_of(session: AsyncSession, change: Change) -> str | None:
    if change.scope == "region":
        known = change.scope_id == COUNTRY or await session.get(Region, change.scope_id) is not None
        return change.scope_id if is_code(change.scope_id) and known else None
    row: Site | Kiosk | None
    if change.scope == "site":
        row = await session.get(Site, change.scope_id)
    else:
        row = await session.get(Kiosk, change.scope_id)
    return row.region_code if row is not None else None


async def _put(session: AsyncSession, change: Change, revision: int) -> None:
    row = await session.get(SettingValue, (change.scope, change.scope_id, change.key))
    if change.value is None:
        if row is not None:
            await session.delete(row)
    elif row is None:
        session.add(SettingValue(**change.model_dump(), revision=revision))
    else:
        row.value, row.revision = change.value, revision
    await session.flush()


async def _said(session: AsyncSession, places: Sequence[Place]) -> Said:
    said: Said = {}
    if not places:
        return said
    wanted = sorted(set(places))
    found = await session.scalars(
        select(SettingValue).where(
            and_(
                SettingValue.scope.in_(("region", "site", "kiosk")),
                tuple_(SettingValue.scope, SettingValue.scope_id).in_(wanted),
            )
        )
    )
    for row in found:
        said.setdefault((row.scope, row.scope_id), {})[row.key] = (row.value, row.revision)
    return said


def _places(kiosk: Kiosk) -> list[Place]:
    return places_of(kiosk.kiosk_id, kiosk.site_id, kiosk.region_code)


def _typed(value: object) -> tuple[str, object]:
    return type(value).__name__, value
