"""Changing the roster."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.channels.email import is_address
from backend.alerts.channels.sms import is_phone
from backend.alerts.channels.webhook import inside_hosts, is_allowed
from backend.alerts.duty.models import DutyPerson, DutyShift
from backend.alerts.settings import AlertsSettings
from backend.regions.division import is_code
from backend.staff import audit
from backend.staff.access import in_region
from backend.staff.roles import Permission, Staff

Minute = Annotated[int, Field(ge=0, lt=24 * 60)]
RegionCode = Annotated[str, Field(pattern="^[0-9]{12}$")]


class PersonIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    region_code: RegionCode
    name: str = Field(min_length=1, max_length=80)
    staff_id: str | None = Field(None, max_length=80)
    email: str = Field("", max_length=200)
    phone: str = Field("", max_length=30)
    webhook: str = Field("", max_length=300)
    language: Literal["zh", "en"] = "zh"

    @field_validator("email")
    @classmethod
    def _email(cls, text: str) -> str:
        if text and not is_address(text):
            raise ValueError("not an e-mail address")
        return text

    @field_validator("phone")
    @classmethod
    def _phone(cls, text: str) -> str:
        if text and not is_phone(text):
            raise ValueError("not a telephone number")
        return text


class ShiftIn(BaseModel):
    """`weekdays`: 0 is Monday. `end` <= `start`: until the next day."""

    model_config = ConfigDict(extra="forbid")

    person_id: str = Field(max_length=32)
    weekdays: list[Annotated[int, Field(ge=0, le=6)]] = Field(min_length=1, max_length=7)
    start: Minute = 0
    end: Minute = 0
    first_day: date | None = None
    last_day: date | None = None


class SubstituteIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    person_id: str | None = Field(None, max_length=32)
    since: datetime | None = None
    until: datetime | None = None


async def add_person(
    session: AsyncSession, staff: Staff, new: PersonIn, settings: AlertsSettings, at: datetime
) -> DutyPerson:
    """The caller commits."""
    _may(staff, new.region_code)
    if new.webhook and not is_allowed(new.webhook, inside_hosts(settings)):
        raise HTTPException(422, "webhook: https to a public name, or a host the operator has named")
    person = DutyPerson(person_id=uuid4().hex, **new.model_dump())
    session.add(person)
    await session.flush()
    await _record(session, staff, "duty.person", person.person_id, new.region_code, at, name=new.name)
    return person


async def remove_person(session: AsyncSession, staff: Staff, person_id: str, at: datetime) -> None:
    person = await visible_person(session, staff, person_id)
    await session.delete(person)
    await _record(session, staff, "duty.person-removed", person_id, person.region_code, at, name=person.name)


async def add_shift(session: AsyncSession, staff: Staff, new: ShiftIn, at: datetime) -> DutyShift:
    person = await visible_person(session, staff, new.person_id)
    shift = DutyShift(
        shift_id=uuid4().hex,
        region_code=person.region_code,
        person_id=person.person_id,
        weekdays=sum(1 << day for day in set(new.weekdays)),
        start=new.start,
        end=new.end,
        first_day=new.first_day,
        last_day=new.last_day,
    )
    session.add(shift)
    await session.flush()
    await _record(session, staff, "duty.shift", shift.shift_id, person.region_code, at, name=person.name)
    return shift


async def remove_shift(session: AsyncSession, staff: Staff, shift_id: str, at: datetime) -> None:
    shift = await _shift(session, staff, shift_id)
    await session.delete(shift)
    await _record(session, staff, "duty.shift-removed", shift_id, shift.region_code, at)


async def substitute(session: AsyncSession, staff: Staff, shift_id: str, new: SubstituteIn, at: datetime) -> DutyShift:
    """Somebody of the same roster stands in; None: nobody does any more."""
    shift = await _shift(session, staff, shift_id)
    for moment in (new.since, new.until):
        if moment is not None and moment.tzinfo is None:
            raise HTTPException(422, "times need a zone")
    if new.person_id is not None:
        other = await visible_person(session, staff, new.person_id)
        if other.region_code != shift.region_code:
            raise HTTPException(422, "a substitute is on the same roster")
    shift.substitute_id, shift.substitute_from, shift.substitute_until = new.person_id, new.since, new.until
    await _record(session, staff, "duty.substitute", shift_id, shift.region_code, at)
    return shift


async def visible_person(session: AsyncSession, staff: Staff, person_id: str) -> DutyPerson:
    person = await session.get(DutyPerson, person_id)
    if person is None or not staff.may(Permission.VIEW, person.region_code):
        raise HTTPException(404, "no such person")
    _may(staff, person.region_code)
    return person


async def _shift(session: AsyncSession, staff: Staff, shift_id: str) -> DutyShift:
    shift = await session.get(DutyShift, shift_id)
    if shift is None or not staff.may(Permission.VIEW, shift.region_code):
        raise HTTPException(404, "no such shift")
    _may(staff, shift.region_code)
    return shift


def _may(staff: Staff, region_code: str) -> None:
    if not is_code(region_code):
        raise HTTPException(422, "a region's code has twelve digits")
    in_region(staff, Permission.ALERTS, region_code)


async def _record(
    session: AsyncSession, staff: Staff, action: str, subject: str, region_code: str, at: datetime, **detail: str
) -> None:
    await audit.record(
        session, staff.staff_id, action, f"duty:{subject}", at, region_code=region_code, detail=dict(detail)
    )
