"""Taking a number, and calling the next one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.sql import insert_new
from backend.appointments.checkin import Desk, arrive
from backend.appointments.settings import AppointmentSettings
from backend.cases.tries import Tries
from backend.catalogue import Catalogue
from backend.contract.kiosk_api import ProblemCode
from backend.contract.service_api import ServiceProblem, Ticket, TicketRequest
from backend.db.engine import Sessions, writing
from backend.deps import Kiosk
from backend.places import Place, place_of
from backend.problems import Refused
from backend.queueing.models import QueueCounter, QueueTicket, TicketState
from content.schema.forms import Option
from content.schema.service import ChoiceField, Service
from content.schema.text import Text

log = structlog.get_logger()

MATTER = "matter"  # the field whose options are the matters; one window group each, in their order
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # without I and O, which look like numbers
_WINDOW = Text("叫号屏显示的窗口", "the counter on the display")
_KEEP = timedelta(days=30)
_RECENT = timedelta(minutes=60)  # of calls that say how fast it goes
_ENOUGH_CALLS = 4
_SHANGHAI = ZoneInfo("Asia/Shanghai")

PRIORITY, BOOKED, IN_TURN = range(3)


@dataclass(frozen=True)
class Group:
    """A matter as the hall knows it."""

    letter: str
    matter: Text
    window: Text


class QueueService:
    def __init__(
        self,
        sessions: Sessions,
        catalogue: Catalogue,
        appointments: AppointmentSettings,
        tries: Tries,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`tries`: of booking numbers."""
        self._sessions = sessions
        self._catalogue = catalogue
        self._appointments = appointments
        self._tries = tries
        self._clock = clock

    async def take(self, kiosk: Kiosk, request: TicketRequest) -> Ticket:
        """Idempotent by intent. Refused: service-unknown, form-invalid (no such matter), not-found (no such booking),
        too-many-tries (at booking numbers), intent-conflict."""
        service = self._catalogue.service(request.service_id, "queue-ticket")
        group = group_of(service, request.matter)
        now = self._clock()
        counted: int | None = None
        if request.booking_no and not await self._has(kiosk.kiosk_id, request.intent_id):
            counted = await self._tries.count(kiosk.kiosk_id, request.booking_no.strip().upper())
        async with writing(self._sessions) as session:
            known = await session.get(QueueTicket, (kiosk.kiosk_id, request.intent_id))
            if known is None:
                place = await place_of(session, kiosk)
                try:
                    known = await self._issue(session, kiosk.kiosk_id, place, request, service, group, now)
                    await session.commit()
                    log.info("ticket_issued", kiosk=kiosk.kiosk_id, number=known.label, rank=known.rank)
                except IntegrityError:  # the same intent twice at once
                    await session.rollback()
                    known = await session.get_one(QueueTicket, (kiosk.kiosk_id, request.intent_id))
            if (known.service_id, known.matter) != (request.service_id, request.matter):
                raise Refused(ProblemCode.INTENT_CONFLICT)
            ahead = await _ahead(session, known)
            wait = await _wait(session, known, ahead, now)
        if counted is not None:
            await self._tries.forget(counted)
        return Ticket(
            intent_id=known.intent_id,
            number=known.label,
            ahead=ahead,
            wait_minutes=wait,
            window_zh=group.window.zh,
            window_en=group.window.en,
            matter_zh=group.matter.zh,
            matter_en=group.matter.en,
            issued_at=known.issued_at,
        )

    async def _has(self, kiosk_id: str, intent_id: str) -> bool:
        async with self._sessions() as session:
            return await session.get(QueueTicket, (kiosk_id, intent_id)) is not None

    async def _issue(
        self,
        session: AsyncSession,
        kiosk_id: str,
        place: Place,
        request: TicketRequest,
        service: Service,
        group: Group,
        now: datetime,
    ) -> QueueTicket:
        rank = PRIORITY if request.priority else IN_TURN
        if request.booking_no:
            desk = Desk(place, request.matter, frozenset(option.value for option in _matters(service)))
            in_time = await arrive(session, request.booking_no, desk, now, self._appointments)
            if in_time is None:
                raise Refused(ProblemCode.NOT_FOUND, "booking")
            rank = min(rank, BOOKED if in_time else IN_TURN)
        day = now.astimezone(_SHANGHAI).date()
        ticket = QueueTicket(
            kiosk_id=kiosk_id,
            intent_id=request.intent_id,
            site_id=place.site_id,
            region_code=place.region_code,
            day=day,
            letter=group.letter,
            number=await _next_number(session, place.site_id, day, group.letter),
            rank=rank,
            service_id=request.service_id,
            matter=request.matter,
            state=TicketState.WAITING.value,
            issued_at=now,
        )
        session.add(ticket)
        await session.flush()
        return ticket


def group_of(service: Service, matter: str) -> Group:
    """Refused(FORM_INVALID) for a matter the service does not offer. "": a service without matters."""
    options = _matters(service)
    if not options and not matter:
        return Group(_LETTERS[0], service.title, _WINDOW)
    for option, letter in zip(options, _letters(), strict=False):
        if option.value == matter:
            return Group(letter, option.label, option.hint or _WINDOW)
    raise Refused(ServiceProblem.FORM_INVALID, MATTER)


async def call_next(
    session: AsyncSession, site_id: str, window: str, letters: Sequence[str], now: datetime
) -> QueueTicket | None:
    """The next ticket of these window groups (none given: of all) is called to `window`; None: nobody waits. The
    caller commits."""
    query = (
        select(QueueTicket)
        .where(
            QueueTicket.site_id == site_id,
            QueueTicket.day == now.astimezone(_SHANGHAI).date(),
            QueueTicket.state == TicketState.WAITING.value,
        )
        .order_by(QueueTicket.rank, QueueTicket.issued_at, QueueTicket.letter, QueueTicket.number)
        .limit(1)
        .with_for_update(skip_locked=True)  # two windows at once call two tickets
    )
    if letters:
        query = query.where(QueueTicket.letter.in_([letter.upper() for letter in letters]))
    ticket: QueueTicket | None = await session.scalar(query)
    if ticket is not None:
        ticket.state, ticket.called_at, ticket.window = TicketState.CALLED.value, now, window[:40]
        await session.flush()
    return ticket


async def waiting(session: AsyncSession, site_id: str, now: datetime) -> dict[str, int]:
    """How many wait today, by window group."""
    rows = await session.execute(
        select(QueueTicket.letter, func.count())
        .where(
            QueueTicket.site_id == site_id,
            QueueTicket.day == now.astimezone(_SHANGHAI).date(),
            QueueTicket.state == TicketState.WAITING.value,
        )
        .group_by(QueueTicket.letter)
        .order_by(QueueTicket.letter)
    )
    return {letter: int(number) for letter, number in rows}


async def _next_number(session: AsyncSession, site_id: str, day: date, letter: str) -> int:
    key = {"site_id": site_id, "day": day, "letter": letter}
    counting = (
        update(QueueCounter)
        .filter_by(**key)
        .values(last=QueueCounter.last + 1)
        .returning(QueueCounter.last)
        .execution_options(synchronize_session=False)
    )
    number = await session.scalar(counting)
    if number is None:  # the first of the day
        await insert_new(session, QueueCounter, [{**key, "last": 0}])
        number = await session.scalar(counting)
        await session.execute(delete(QueueTicket).where(QueueTicket.day < day - _KEEP))
        await session.execute(delete(QueueCounter).where(QueueCounter.day < day - _KEEP))
    if number is None:
        raise RuntimeError("a counter that was just made is not there")
    return int(number)


async def _ahead(session: AsyncSession, ticket: QueueTicket) -> int:
    """How many are called before it; 0 once it has been called itself."""
    if ticket.state != TicketState.WAITING:
        return 0
    before = or_(
        QueueTicket.rank < ticket.rank, and_(QueueTicket.rank == ticket.rank, QueueTicket.number < ticket.number)
    )
    number = await session.scalar(
        select(func.count())
        .select_from(QueueTicket)
        .where(*_same_queue(ticket), QueueTicket.state == TicketState.WAITING.value, before)
    )
    return int(number or 0)


async def _wait(session: AsyncSession, ticket: QueueTicket, ahead: int, now: datetime) -> int | None:
    """Minutes, by how fast numbers were called lately; None until that is known."""
    calls = list(
        await session.scalars(
            select(QueueTicket.called_at)
            .where(*_same_queue(ticket), QueueTicket.called_at > now - _RECENT)
            .order_by(QueueTicket.called_at)
        )
    )
    times = [at for at in calls if at is not None]
    if len(times) < _ENOUGH_CALLS:
        return None
    pace = (times[-1] - times[0]) / (len(times) - 1)
    return math.ceil(pace * ahead / timedelta(minutes=1))


def _same_queue(ticket: QueueTicket) -> tuple[ColumnElement[bool], ...]:
    return (
        QueueTicket.site_id == ticket.site_id,
        QueueTicket.day == ticket.day,
        QueueTicket.letter == ticket.letter,
    )


def _matters(service: Service) -> list[Option]:
    fields = [field for field in service.form if isinstance(field, ChoiceField)]
    field = next((field for field in fields if field.name == MATTER), None)
    return field.options if field is not None else []


def _letters() -> list[str]:
    """A to Z, then AA and so on: more matters than letters."""
    return [*_LETTERS, *(f"{first}{second}" for first in _LETTERS for second in _LETTERS)]
