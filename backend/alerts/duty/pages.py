"""The page of the roster."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from backend.alerts import say
from backend.alerts.duty import service
from backend.alerts.duty.models import DutyPerson, DutyShift
from backend.alerts.duty.roster import CHINA, covers, who
from backend.console.pages import page
from backend.deps import DbSession
from backend.regions.models import Region
from backend.staff.access import needs, within
from backend.staff.roles import Permission, Staff

router = APIRouter(prefix="/console/duty", include_in_schema=False, default_response_class=HTMLResponse)

Alerter = Annotated[Staff, needs(Permission.ALERTS)]


@router.get("")
async def roster(request: Request, staff: Alerter, session: DbSession, problem: str = "") -> HTMLResponse:
    """People, shifts, and who is on duty now."""
    now = datetime.now(UTC)
    mine = within(DutyPerson.region_code, staff, Permission.ALERTS)
    people = list(
        await session.scalars(select(DutyPerson).where(mine).order_by(DutyPerson.region_code, DutyPerson.name))
    )
    query = select(DutyShift).where(within(DutyShift.region_code, staff, Permission.ALERTS))
    shifts = list(await session.scalars(query.order_by(DutyShift.region_code, DutyShift.start)))
    wanted = within(Region.code, staff, Permission.ALERTS)
    regions = list(await session.scalars(select(Region).where(wanted, Region.level <= 3).order_by(Region.code)))
    return page(
        request,
        staff,
        "duty/roster.html",
        title=("值班表", "Duty roster"),
        nav="alerts",
        people=people,
        by_id={person.person_id: person for person in people},
        shifts=shifts,
        now_on={shift.shift_id: who(shift, now) for shift in shifts if covers(shift, now)},
        regions=regions,
        names={region.code: (region.name_zh, region.name_en) for region in regions},
        say=say,
        problem=problem[:20],
    )


@router.post("/people")
async def add_person(request: Request, staff: Alerter, session: DbSession) -> RedirectResponse:
    form = await request.form()
    given = {name: str(form.get(name, "")).strip() for name in service.PersonIn.model_fields}
    new = _checked(service.PersonIn, {**given, "staff_id": given["staff_id"] or None})
    if not isinstance(new, service.PersonIn):
        return RedirectResponse("/console/duty?problem=person", 303)
    try:
        await service.add_person(session, staff, new, request.app.state.alerts_settings, datetime.now(UTC))
    except HTTPException as error:
        if error.status_code != 422:
            raise
        return RedirectResponse("/console/duty?problem=webhook", 303)
    await session.commit()
    return RedirectResponse("/console/duty", 303)


@router.post("/people/{person_id}/remove")
async def remove_person(person_id: str, staff: Alerter, session: DbSession) -> RedirectResponse:
    await service.remove_person(session, staff, person_id, datetime.now(UTC))
    await session.commit()
    return RedirectResponse("/console/duty", 303)


@router.post("/shifts")
async def add_shift(request: Request, staff: Alerter, session: DbSession) -> RedirectResponse:
    form = await request.form()
    given = {
        "person_id": form.get("person_id"),
        "weekdays": form.getlist("weekday"),
        "start": _minutes(str(form.get("start", ""))),
        "end": _minutes(str(form.get("end", ""))),
        "first_day": form.get("first_day") or None,
        "last_day": form.get("last_day") or None,
    }
    new = _checked(service.ShiftIn, given)
    if not isinstance(new, service.ShiftIn):
        return RedirectResponse("/console/duty?problem=shift", 303)
    await service.add_shift(session, staff, new, datetime.now(UTC))
    await session.commit()
    return RedirectResponse("/console/duty", 303)


@router.post("/shifts/{shift_id}/remove")
async def remove_shift(shift_id: str, staff: Alerter, session: DbSession) -> RedirectResponse:
    await service.remove_shift(session, staff, shift_id, datetime.now(UTC))
    await session.commit()
    return RedirectResponse("/console/duty", 303)


@router.post("/shifts/{shift_id}/substitute")
async def substitute(shift_id: str, request: Request, staff: Alerter, session: DbSession) -> RedirectResponse:
    form = await request.form()
    given = {
        "person_id": form.get("person_id") or None,
        "since": _moment(str(form.get("since", ""))),
        "until": _moment(str(form.get("until", ""))),
    }
    new = _checked(service.SubstituteIn, given)
    if not isinstance(new, service.SubstituteIn):
        return RedirectResponse("/console/duty?problem=substitute", 303)
    await service.substitute(session, staff, shift_id, new, datetime.now(UTC))
    await session.commit()
    return RedirectResponse("/console/duty", 303)


def _checked(model: type[BaseModel], given: dict[str, Any]) -> BaseModel | None:
    try:
        return model.model_validate(given)
    except ValidationError:
        return None


def _minutes(clock: str) -> int | None:
    hours, colon, minutes = clock.partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal()):
        return None
    return int(hours) * 60 + int(minutes)


def _moment(text: str) -> datetime | None:
    """Of a field `datetime-local`: China's time."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=CHINA) if text else None
    except ValueError:
        return None
