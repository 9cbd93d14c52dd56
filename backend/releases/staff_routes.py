"""Releases and rollouts as JSON, for staff and their programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import anyio.to_thread
from fastapi import APIRouter, File, Form, HTTPException, Request, UploadFile
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.deps import DbSession
from backend.releases import steering
from backend.releases.models import Release, Rollout
from backend.releases.payloads import PayloadStore
from backend.releases.planning import PlanError, RolloutPlan, make_rollout
from backend.releases.queries import RolloutView, reasons, rollout_view, troubled_members, visible_rollouts
from backend.releases.states import ReleaseKind
from backend.staff.access import STAFF_API, in_region, needs
from backend.staff.audit import record
from backend.staff.errors import StaffError
from backend.staff.roles import Permission, Staff

router = APIRouter(prefix=STAFF_API, tags=["staff: rollouts"])

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Publisher = Annotated[Staff, needs(Permission.RELEASE)]
DEEDS = ("request-release", "pause", "resume", "halt", "cancel", "take-back")


class ReleaseOut(BaseModel):
    release_id: str
    kind: ReleaseKind
    version: str
    sha256: str
    size: int
    notes: str
    created_by: str
    created_at: datetime


class GroupOut(BaseModel):
    number: int
    name: str
    size: int
    state: str
    attempted: int
    errors: int
    counts: dict[str, int]
    reason: str


class RolloutOut(BaseModel):
    rollout_id: str
    title: str
    kind: str
    version: str
    region_code: str
    state: str
    reason: str
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    groups: list[GroupOut]


class MemberOut(BaseModel):
    kiosk_id: str
    group: int
    state: str
    stage: str
    detail: str


class RolloutDetail(RolloutOut):
    troubled: list[MemberOut]
    reasons: dict[str, int]


class Deed(BaseModel):
    """`reason` is kept in the audit log."""

    model_config = ConfigDict(extra="forbid")

    deed: Annotated[str, Field(pattern="^(" + "|".join(DEEDS) + ")$")]
    reason: Annotated[str, Field(max_length=300)] = ""


@router.get("/releases")
async def releases(staff: Viewer, session: DbSession) -> list[ReleaseOut]:
    """The newest hundred."""
    found = await session.scalars(select(Release).order_by(Release.created_at.desc()).limit(100))
    return [release_out(release) for release in found]


@router.post("/releases", status_code=201)
async def add_release(
    staff: Publisher,
    session: DbSession,
    request: Request,
    kind: Annotated[ReleaseKind, Form()],
    version: Annotated[str, Form(min_length=1, max_length=80, pattern=r"^[0-9A-Za-z][0-9A-Za-z.+_-]*$")],
    payload: Annotated[UploadFile, File()],
    notes: Annotated[str, Form(max_length=1000)] = "",
) -> ReleaseOut:
    """Enter a version with its payload. A version is entered once: what kiosks run under a name never changes."""
    return release_out(await enter_release(request, session, staff, kind, version, await payload.read(), notes))


@router.get("/rollouts")
async def rollouts(staff: Viewer, session: DbSession) -> list[RolloutOut]:
    return [rollout_out(view) for view in await visible_rollouts(session, staff)]


@router.post("/rollouts", status_code=201)
async def add_rollout(staff: Publisher, session: DbSession, plan: RolloutPlan) -> RolloutOut:
    """Make a draft; its members and groups are fixed now."""
    try:
        rollout = await make_rollout(session, staff, plan, datetime.now(UTC))
    except PlanError as error:
        raise HTTPException(409 if error.code == "state" else 422, str(error)) from error
    await session.commit()
    view = await rollout_view(session, staff, rollout.rollout_id)
    assert view is not None  # noqa: S101 - made of kiosks this person may see
    return rollout_out(view)


@router.get("/rollouts/{rollout_id}")
async def show(rollout_id: str, staff: Viewer, session: DbSession) -> RolloutDetail:
    view = await rollout_view(session, staff, rollout_id)
    if view is None:
        raise HTTPException(404, "no such rollout")
    troubled = [
        MemberOut(
            kiosk_id=member.kiosk_id,
            group=member.group_number,
            state=member.state,
            stage=member.stage,
            detail=member.detail,
        )
        for member in await troubled_members(session, staff, rollout_id)
    ]
    why = dict(await reasons(session, staff, rollout_id))
    return RolloutDetail(**rollout_out(view).model_dump(), troubled=troubled, reasons=why)


@router.post("/rollouts/{rollout_id}/deeds")
async def steer(rollout_id: str, staff: Publisher, session: DbSession, deed: Deed, request: Request) -> RolloutOut:
    """request-release (a second person agrees under /approvals), pause, resume, halt, cancel, take-back."""
    await carry_out(session, staff, rollout_id, deed.deed, deed.reason)
    request.app.state.jobs.wake("rollouts")
    view = await rollout_view(session, staff, rollout_id)
    assert view is not None  # noqa: S101 - it was steered just now
    return rollout_out(view)


async def enter_release(
    request: Request, session: AsyncSession, staff: Staff, kind: ReleaseKind, version: str, data: bytes, notes: str
) -> Release:
    """Store and commit. Raises HTTPException 409 for a version that is there, 422 for an empty payload."""
    if not data:
        raise StaffError("empty", "文件是空的。", "The payload is empty.", 422)
    store: PayloadStore = request.app.state.payloads
    sha256 = await anyio.to_thread.run_sync(store.put, data)
    now = datetime.now(UTC)
    release = Release(
        release_id=uuid4().hex,
        kind=kind.value,
        version=version,
        sha256=sha256,
        size=len(data),
        notes=notes,
        created_by=staff.staff_id,
        created_at=now,
    )
    session.add(release)
    try:
        await session.flush()
    except IntegrityError:
        raise StaffError(
            "version-there",
            f"版本 {version} 已经登记过：同一个版本号的内容不会改变，请换一个版本号。",
            f"Version {version} is there already, and what it names never changes: take another one.",
        ) from None
    detail = {"version": version, "kind": kind.value, "sha256": sha256}
    await record(session, staff.staff_id, "release.enter", f"release:{release.release_id}", now, detail=detail)
    await session.commit()
    return release


async def carry_out(session: AsyncSession, staff: Staff, rollout_id: str, deed: str, reason: str) -> None:
    """Commit a deed. Raises HTTPException: 404 out of sight, 403 not allowed there, 409 not in this state."""
    view = await rollout_view(session, staff, rollout_id)
    if view is None:
        raise HTTPException(404, "no such rollout")
    in_region(staff, Permission.RELEASE, view.rollout.region_code)
    rollout = await session.get_one(Rollout, rollout_id, with_for_update=True, populate_existing=True)
    at, actor = datetime.now(UTC), staff.staff_id
    try:
        match deed:
            case "request-release":
                await steering.ask_for_release(session, staff, rollout, reason, at)
            case "pause":
                await steering.pause(session, rollout, actor, at)
            case "resume":
                await steering.resume(session, rollout, actor, at)
            case "halt":
                await steering.halt(session, rollout, reason or "halted by hand", actor, at)
            case "cancel":
                await steering.cancel(session, rollout, actor, at)
            case "take-back":
                await steering.take_back(session, rollout, actor, at)
            case _:
                raise HTTPException(422, "no such deed")
    except PlanError as error:
        said = str(error)
        raise StaffError(error.code, error.zh, said[:1].upper() + said[1:] + ".", 409, error.link) from error
    await session.commit()


def release_out(release: Release) -> ReleaseOut:
    return ReleaseOut.model_validate(release, from_attributes=True)


def rollout_out(view: RolloutView) -> RolloutOut:
    rollout = view.rollout
    fields: dict[str, Any] = {
        name: getattr(rollout, name)
        for name in ("rollout_id", "title", "region_code", "state", "created_by", "created_at")
    }
    return RolloutOut(
        **fields,
        reason=view.reason,
        kind=view.release.kind,
        version=view.release.version,
        started_at=rollout.started_at,
        finished_at=rollout.finished_at,
        groups=[
            GroupOut(
                number=group.number,
                name=group.name,
                size=group.size,
                state=group.state,
                attempted=group.attempted,
                errors=group.errors,
                counts={state.value: count for state, count in group.counts.items()},
                reason=group.reason,
            )
            for group in view.groups
        ],
    )
