"""The roster as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from sqlalchemy import select

from backend.alerts.duty import service
from backend.alerts.duty.models import DutyPerson, DutyShift
from backend.alerts.duty.roster import on_duty
from backend.deps import DbSession
from backend.regions.division import is_code
from backend.staff.access import STAFF_API, in_region, needs, within
from backend.staff.roles import Permission, Staff

router = APIRouter(prefix=f"{STAFF_API}/duty", tags=["staff: duty"])

Alerter = Annotated[Staff, needs(Permission.ALERTS)]
Viewer = Annotated[Staff, needs(Permission.VIEW)]


def person_out(person: DutyPerson) -> dict[str, Any]:
    names = ("person_id", "region_code", "name", "staff_id", "email", "phone", "webhook", "language")
    return {name: getattr(person, name) for name in names}


def shift_out(shift: DutyShift) -> dict[str, Any]:
    return {
        "shift_id": shift.shift_id,
        "region_code": shift.region_code,
        "person_id": shift.person_id,
        "weekdays": [day for day in range(7) if shift.weekdays >> day & 1],
        "start": shift.start,
        "end": shift.end,
        "first_day": shift.first_day.isoformat() if shift.first_day else None,
        "last_day": shift.last_day.isoformat() if shift.last_day else None,
        "substitute_id": shift.substitute_id,
        "substitute_from": shift.substitute_from.isoformat() if shift.substitute_from else None,
        "substitute_until": shift.substitute_until.isoformat() if shift.substitute_until else None,
    }


@router.get("")
async def roster(staff: Alerter, session: DbSession) -> dict[str, Any]:
    """All rosters in the person's regions, with addresses."""
    mine = within(DutyPerson.region_code, staff, Permission.ALERTS)
    people = await session.scalars(select(DutyPerson).where(mine).order_by(DutyPerson.region_code, DutyPerson.name))
    shifts = await session.scalars(
        select(DutyShift).where(within(DutyShift.region_code, staff, Permission.ALERTS)).order_by(DutyShift.shift_id)
    )
    return {"people": [person_out(one) for one in people], "shifts": [shift_out(one) for one in shifts]}


@router.get("/now")
async def now_on_duty(
    staff: Viewer, session: DbSession, region: Annotated[str, Query(max_length=12)]
) -> dict[str, Any]:
    """Who is on duty for a region now; names only, the roster may be the region's above."""
    if not is_code(region):
        raise HTTPException(422, "a region's code has twelve digits")
    in_region(staff, Permission.VIEW, region)
    found = await on_duty(session, region, datetime.now(UTC))
    return {
        "region_code": found.region_code if found else None,
        "people": [person.name for person in found.people] if found else [],
    }


@router.post("/people", status_code=201)
async def add_person(new: service.PersonIn, request: Request, staff: Alerter, session: DbSession) -> dict[str, Any]:
    person = await service.add_person(session, staff, new, request.app.state.alerts_settings, datetime.now(UTC))
    await session.commit()
    return person_out(person)


@router.delete("/people/{person_id}", status_code=204)
async def remove_person(person_id: str, staff: Alerter, session: DbSession) -> None:
    await service.remove_person(session, staff, person_id, datetime.now(UTC))
    await session.commit()


@router.post("/shifts", status_code=201)
async def add_shift(new: service.ShiftIn, staff: Alerter, session: DbSession) -> dict[str, Any]:
    shift = await service.add_shift(session, staff, new, datetime.now(UTC))
    await session.commit()
    return shift_out(shift)


@router.delete("/shifts/{shift_id}", status_code=204)
async def remove_shift(shift_id: str, staff: Alerter, session: DbSession) -> None:
    await service.remove_shift(session, staff, shift_id, datetime.now(UTC))
    await session.commit()


@router.put("/shifts/{shift_id}/substitute")
async def substitute(shift_id: str, new: service.SubstituteIn, staff: Alerter, session: DbSession) -> dict[str, Any]:
    shift = await service.substitute(session, staff, shift_id, new, datetime.now(UTC))
    await session.commit()
    return shift_out(shift)
