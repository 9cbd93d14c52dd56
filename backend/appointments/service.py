"""Offering times and booking them. The department has the last word; we see to it that nobody asks it twice."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.appointments import rules
from backend.appointments.models import AppointmentRow, BookingState
from backend.appointments.settings import AppointmentSettings
from backend.appointments.slots import offered
from backend.catalogue import Catalogue
from backend.contract.kiosk_api import ProblemCode
from backend.contract.service_api import Appointment, AppointmentRequest, ServiceProblem, Slot, Slots, SlotsQuery
from backend.db.engine import Sessions, writing
from backend.db.locks import hold
from backend.identity.crypto import Vault
from backend.identity.service import Exchange, Person
from backend.problems import Refused
from backend.records.forms import check_form
from backend.records.service import unusable
from backend.records.who import Doorkeeper, Shown
from content.schema.service import Service

log = structlog.get_logger()

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_ASKING, _BOOKED, _REFUSED = (state.value for state in BookingState)


class AppointmentService:
    def __init__(
        self,
        sessions: Sessions,
        exchange: Exchange,
        catalogue: Catalogue,
        vault: Vault,
        door: Doorkeeper,
        settings: AppointmentSettings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._exchange = exchange
        self._catalogue = catalogue
        self._vault = vault
        self._door = door
        self._settings = settings
        self._clock = clock

    async def slots(self, query: SlotsQuery) -> Slots:
        """Refused: service-unknown, form-invalid, department-down."""
        service = self._catalogue.service(query.service_id, "appointment")
        check_form(service, query.form, whole=False)
        return Slots(slots=await self._offered(service, query.form, self._clock()))

    async def book(self, kiosk_id: str, request: AppointmentRequest) -> Appointment:
        """Idempotent by intent, also while the department has not answered: the same booking is asked for again.

        Refused: service-unknown, form-invalid, proof-expired, id-invalid, slot-taken, booked-already, missed-bookings,
        refused-by-department, department-down, intent-conflict.
        """
        service = self._catalogue.service(request.service_id, "appointment")
        mac = self._mac(request)
        async with self._sessions() as session:
            row = await _by_intent(session, kiosk_id, request.intent_id)
            if row is not None and not hmac.compare_digest(row.request_mac, mac):
                raise Refused(ProblemCode.INTENT_CONFLICT)
            if row is not None and row.state != _ASKING:
                return _settled(row)
            check_form(service, request.form)
            shown = Shown(request.proof_id, (request.name, request.number))
            person = await self._door.who(session, kiosk_id, service, shown)
        if row is None:
            row = await self._write_down(kiosk_id, service, request, person, mac)
            if row.state != _ASKING:
                return _settled(row)
        return await self._ask(service, request, person, row)

    async def _offered(self, service: Service, form: dict[str, str], now: datetime) -> list[Slot]:
        return await offered(self._exchange, service, self._catalogue.told(service.operation or "", form), now)

    async def _write_down(
        self, kiosk_id: str, service: Service, request: AppointmentRequest, person: Person | None, mac: str
    ) -> AppointmentRow:
        """The attempt, before the department hears of it."""
        asked_at = self._clock()
        on_offer = await self._offered(service, request.form, asked_at)
        slot = next((one for one in on_offer if one.slot_id == request.slot_id), None)
        if slot is None:
            raise Refused(ServiceProblem.SLOT_TAKEN)
        now = self._clock()
        row = self._row(kiosk_id, service, request, person, slot, mac, now)
        async with writing(self._sessions) as session:
            await rules.forget(session, self._settings, now)
            await hold(session, "appointment-slot", service.id, slot.slot_id)
            known = await _by_intent(session, kiosk_id, request.intent_id)
            if known is not None:  # the same intent twice at once: the lock let the other one go first
                return known
            if row.person_hash:
                await hold(session, "appointment-person", row.person_hash)
                earlier = await _unanswered(session, row)
                if earlier is not None:  # given up on a moment ago, perhaps at another kiosk: it is gone on with
                    earlier.kiosk_id, earlier.intent_id, earlier.request_mac = kiosk_id, request.intent_id, mac
                    await session.commit()
                    return earlier
                await rules.check(session, self._settings, row.person_hash, service.id, row.matter, now)
            if await _taken_since(session, row, asked_at) >= slot.left:
                raise Refused(ServiceProblem.SLOT_TAKEN)
            session.add(row)
            await session.commit()
        return row

    async def _ask(
        self, service: Service, request: AppointmentRequest, person: Person | None, row: AppointmentRow
    ) -> Appointment:
        operation = f"{(service.operation or '').split('.')[0]}.book"
        who = {"name": person.name, "number": person.number} if person is not None else {}
        answer = await self._exchange.call(
            operation,
            {**request.form, "phone": _phone(request), **who, "slot": row.slot_id, "request_no": row.number},
        )
        match answer["result"]:
            case "ok" if isinstance(answer.get("booking_no"), str) and 0 < len(answer["booking_no"]) <= 40:
                state, booking_no = _BOOKED, answer["booking_no"]
            case "full" | "refused":
                state, booking_no = _REFUSED, ""
            case _:
                raise unusable(operation, "result")
        async with writing(self._sessions) as session:
            current = await session.get_one(AppointmentRow, row.number, with_for_update=True)
            if current.state == _ASKING:
                current.state, current.booking_no, current.settled_at = state, booking_no, self._clock()
                await session.commit()
                log.info("appointment", kiosk=current.kiosk_id, service=service.id, state=state)
        if answer["result"] == "refused":
            raise Refused(ServiceProblem.REFUSED_BY_DEPARTMENT, operation)
        return _settled(current)

    def _row(
        self,
        kiosk_id: str,
        service: Service,
        request: AppointmentRequest,
        person: Person | None,
        slot: Slot,
        mac: str,
        now: datetime,
    ) -> AppointmentRow:
        return AppointmentRow(
            number=f"B{now.astimezone(_SHANGHAI):%Y%m%d}{secrets.token_hex(8)}",
            kiosk_id=kiosk_id,
            intent_id=request.intent_id,
            request_mac=mac,
            service_id=service.id,
            matter=request.form.get("matter", "")[:40],
            slot_id=slot.slot_id,
            day=slot.day,
            from_time=slot.from_time,
            to_time=slot.to_time,
            slots_left=slot.left,
            place_zh=slot.place_zh,
            place_en=slot.place_en,
            title_zh=service.title.zh,
            title_en=service.title.en,
            person_hash=person.person_hash if person is not None else "",
            phone=_phone(request) or None,
            state=_ASKING,
            asked_at=now,
        )

    def _mac(self, request: AppointmentRequest) -> str:
        form = json.dumps(request.form, sort_keys=True)
        parts = (request.service_id, request.slot_id, form, request.proof_id or "", request.number, request.phone)
        return self._vault.mac("appointment-request", *parts).hex()


async def _by_intent(session: AsyncSession, kiosk_id: str, intent_id: str) -> AppointmentRow | None:
    found: AppointmentRow | None = await session.scalar(
        select(AppointmentRow).where(AppointmentRow.kiosk_id == kiosk_id, AppointmentRow.intent_id == intent_id)
    )
    return found


async def _unanswered(session: AsyncSession, row: AppointmentRow) -> AppointmentRow | None:
    found: AppointmentRow | None = await session.scalar(
        select(AppointmentRow)
        .where(
            AppointmentRow.person_hash == row.person_hash,
            AppointmentRow.service_id == row.service_id,
            AppointmentRow.slot_id == row.slot_id,
            AppointmentRow.intent_id != row.intent_id,
            AppointmentRow.state == _ASKING,
        )
        .order_by(AppointmentRow.asked_at.desc())
        .limit(1)
    )
    return found


async def _taken_since(session: AsyncSession, row: AppointmentRow, asked_at: datetime) -> int:
    """Places of the slot that are gone, or may be, since the department counted them."""
    lately = and_(AppointmentRow.state == _ASKING, AppointmentRow.asked_at > row.asked_at - rules.FORGOTTEN_ASK)
    since = and_(AppointmentRow.state == _BOOKED, AppointmentRow.settled_at >= asked_at - timedelta(seconds=1))
    number = await session.scalar(
        select(func.count())
        .select_from(AppointmentRow)
        .where(
            AppointmentRow.service_id == row.service_id,
            AppointmentRow.slot_id == row.slot_id,
            AppointmentRow.intent_id != row.intent_id,
            or_(lately, since),
        )
    )
    return int(number or 0)


def _settled(row: AppointmentRow) -> Appointment:
    """Refused: slot-taken."""
    if row.state != _BOOKED:
        raise Refused(ServiceProblem.SLOT_TAKEN)
    return Appointment(
        intent_id=row.intent_id,
        booking_no=row.booking_no,
        slot=Slot(
            slot_id=row.slot_id,
            day=row.day,
            from_time=row.from_time,
            to_time=row.to_time,
            left=max(0, row.slots_left - 1),
            place_zh=row.place_zh,
            place_en=row.place_en,
        ),
        title_zh=row.title_zh,
        title_en=row.title_en,
    )


def _phone(request: AppointmentRequest) -> str:
    return request.phone or request.form.get("phone", "")
