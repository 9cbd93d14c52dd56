"""Settings: what a kiosk fetches, and what staff see and change (JSON)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from backend.contract.fleet_api import FLEET_PREFIX, FleetProblem, Settings
from backend.contract.kiosk_settings import SETTINGS
from backend.deps import CurrentKiosk, DbSession
from backend.fleet.desired.hierarchy import Effective
from backend.fleet.desired.models import SettingRevision
from backend.fleet.desired.service import Change, ChangeError, Preview, apply, effective, preview, revert
from backend.fleet.models import Kiosk, KioskPulse
from backend.fleet.wire import FleetRefused, answer
from backend.staff.access import STAFF_API, needs, visible_kiosk, within
from backend.staff.roles import Permission, Staff

router = APIRouter(tags=["fleet: settings"])

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Configurer = Annotated[Staff, needs(Permission.CONFIGURE)]
STATUS = {"invalid": 422, "not-found": 404, "not-allowed": 403, "conflict": 409}


class ChangeSet(BaseModel):
    model_config = ConfigDict(extra="forbid")

    changes: Annotated[list[Change], Field(min_length=1, max_length=200)]
    note: Annotated[str, Field(max_length=300)] = ""


class Undo(BaseModel):
    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=300)] = ""


class OriginOut(BaseModel):
    scope: str
    scope_id: str
    value: bool | int | float | str
    revision: int


class EffectiveOut(BaseModel):
    value: bool | int | float | str
    default: bool | int | float | str
    chain: list[OriginOut]  # from the widest place to the nearest; the last one counts


class KioskSettingsOut(BaseModel):
    kiosk_id: str
    wanted: int  # the revision it should have
    values: dict[str, EffectiveOut]


class PreviewOut(BaseModel):
    kiosks: int
    looked_at: int
    steps: list[dict[str, Any]]
    examples: dict[str, dict[str, list[Any]]]


class RevisionOut(BaseModel):
    revision: int
    at: datetime
    by: str
    note: str
    region_code: str
    changes: list[dict[str, Any]]
    reverts: int | None


@router.get(FLEET_PREFIX + "/settings")
async def fetch(kiosk: CurrentKiosk, session: DbSession) -> Response:
    """All values for the kiosk that asks, defaults included, and the revision they amount to."""
    row = await session.get(Kiosk, kiosk.kiosk_id)
    pulse = await session.get(KioskPulse, kiosk.kiosk_id)
    if row is None or pulse is None:
        raise FleetRefused(FleetProblem.NOT_FOUND, "this kiosk is not entered")
    values = {key: found.value for key, found in (await effective(session, row)).items()}
    return answer(Settings(revision=pulse.settings_wanted, values=values))


@router.get(STAFF_API + "/kiosks/{kiosk_id}/settings")
async def of_kiosk(kiosk_id: str, staff: Viewer, session: DbSession) -> KioskSettingsOut:
    """Every setting of a kiosk and why it is so."""
    kiosk = await visible_kiosk(session, staff, Permission.VIEW, kiosk_id)
    pulse = await session.get_one(KioskPulse, kiosk_id)
    found = await effective(session, kiosk)
    return KioskSettingsOut(
        kiosk_id=kiosk_id,
        wanted=pulse.settings_wanted,
        values={key: _effective_out(value) for key, value in found.items()},
    )


@router.post(STAFF_API + "/settings/preview")
async def dry_run(staff: Configurer, session: DbSession, wish: ChangeSet) -> PreviewOut:
    """What the change set would do; nothing is changed."""
    try:
        return _preview_out(await preview(session, staff, wish.changes))
    except ChangeError as error:
        raise refusal(error) from error


@router.post(STAFF_API + "/settings", status_code=201)
async def change(staff: Configurer, session: DbSession, wish: ChangeSet, request: Request) -> RevisionOut:
    """Bring the change set into force as one revision."""
    try:
        revision = await apply(session, staff, wish.changes, wish.note, datetime.now(UTC))
    except ChangeError as error:
        raise refusal(error) from error
    await session.commit()
    request.app.state.jobs.wake("settings")
    return revision_out(revision)


@router.get(STAFF_API + "/settings/revisions")
async def history(
    staff: Viewer, session: DbSession, before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> list[RevisionOut]:
    """The newest fifty revisions (older than `before`) in the person's regions."""
    query = select(SettingRevision).where(within(SettingRevision.region_code, staff, Permission.VIEW))
    if before is not None:
        query = query.where(SettingRevision.revision < before)
    found = await session.scalars(query.order_by(SettingRevision.revision.desc()).limit(50))
    return [revision_out(revision) for revision in found]


@router.post(STAFF_API + "/settings/revisions/{revision}/revert", status_code=201)
async def undo(revision: int, staff: Configurer, session: DbSession, wish: Undo, request: Request) -> RevisionOut:
    """Undo a revision by a new one."""
    if not 1 <= revision < 2**31:
        raise HTTPException(404, "there is no such revision")
    try:
        made = await revert(session, staff, revision, wish.note, datetime.now(UTC))
    except ChangeError as error:
        raise refusal(error) from error
    await session.commit()
    request.app.state.jobs.wake("settings")
    return revision_out(made)


def refusal(error: ChangeError) -> HTTPException:
    return HTTPException(STATUS[error.code], str(error))


def revision_out(revision: SettingRevision) -> RevisionOut:
    return RevisionOut.model_validate(revision, from_attributes=True)


def _effective_out(found: Effective) -> EffectiveOut:
    return EffectiveOut(
        value=found.value,
        default=SETTINGS[found.key].default,
        chain=[OriginOut.model_validate(origin, from_attributes=True) for origin in found.chain],
    )


def _preview_out(found: Preview) -> PreviewOut:
    return PreviewOut(
        kiosks=found.kiosks,
        looked_at=found.looked_at,
        steps=[step.as_dict() for step in found.steps],
        examples={kiosk: {key: list(pair) for key, pair in moved.items()} for kiosk, moved in found.examples.items()},
    )
