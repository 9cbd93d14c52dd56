"""Taking complaints in, and what the hall sees of them each day."""

from __future__ import annotations

import hmac
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.catalogue import Catalogue
from backend.contract.kiosk_api import ProblemCode
from backend.contract.service_api import ComplaintReceipt, ComplaintRequest, ServiceProblem
from backend.db.engine import Sessions, writing
from backend.deps import Kiosk
from backend.feedback.complaint_models import ComplaintRow, ComplaintState
from backend.feedback.settings import FeedbackSettings
from backend.identity.crypto import Vault
from backend.places import place_of
from backend.problems import Refused
from content.calendar import LOCAL, NoCalendar, local_day
from content.schema.elements import Duration
from content.schema.service import ChoiceField, Kind, Service

log = structlog.get_logger()

PRAISE = "praise"
CANNOT_BE_DONE = "cannot-be-done"
_TRIES = 3  # for a number that is free


class ComplaintService:
    def __init__(
        self,
        sessions: Sessions,
        catalogue: Catalogue,
        vault: Vault,
        settings: FeedbackSettings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        tell: Callable[[], None] = lambda: None,
    ) -> None:
        """`tell`: there is something to be filed."""
        self._sessions = sessions
        self._catalogue = catalogue
        self._vault = vault
        self._settings = settings
        self._clock = clock
        self._tell = tell

    async def take(self, kiosk: Kiosk, request: ComplaintRequest) -> ComplaintReceipt:
        """Idempotent by intent. Refused: service-unknown, form-invalid (nothing was said, or about nothing that there
        is), intent-conflict."""
        service = self._catalogue.service(request.service_id)
        if service.journey is not Kind.COMPLAINT and request.kind != CANNOT_BE_DONE:
            raise Refused(ProblemCode.SERVICE_UNKNOWN)
        if not (request.text.strip() or request.kind == CANNOT_BE_DONE):
            raise Refused(ServiceProblem.FORM_INVALID, "text")
        if request.subject and not self._is_subject(service, request.subject):
            raise Refused(ServiceProblem.FORM_INVALID, "subject")  # it is kept in clear: no place for words
        mac = self._vault.mac(
            "complaint", request.service_id, request.kind, request.subject, request.text, request.phone, request.failure
        ).hex()
        for _ in range(_TRIES):
            async with writing(self._sessions) as session:
                known = await _by_intent(session, kiosk.kiosk_id, request.intent_id)
                if known is not None:
                    return _repeated(known, mac)
                row = await self._row(session, kiosk, service, request, mac)
                await self._forget(session)
                session.add(row)
                try:
                    await session.commit()
                except IntegrityError:  # the same intent twice at once, or a number that is taken
                    continue
            log.info("complaint_taken", kiosk=kiosk.kiosk_id, ticket=row.ticket_no, kind=row.kind, failure=row.failure)
            self._tell()
            return _wire(row)
        raise RuntimeError("no free ticket number")

    def _is_subject(self, service: Service, subject: str) -> bool:
        fields = [field for field in service.form if isinstance(field, ChoiceField) and field.name == "subject"]
        if any(option.value == subject for field in fields for option in field.options):
            return True
        try:
            self._catalogue.service(subject)
        except Refused:
            return False
        return True

    async def _row(
        self, session: AsyncSession, kiosk: Kiosk, service: Service, request: ComplaintRequest, mac: str
    ) -> ComplaintRow:
        now = self._clock()
        place = await place_of(session, kiosk)
        # A service that failed has an operation of its own, which takes no complaints.
        operation = service.operation or "" if service.journey is Kind.COMPLAINT else ""
        return ComplaintRow(
            ticket_no=f"{local_day(now):%Y%m%d}{secrets.randbelow(10**6):06d}",
            kiosk_id=kiosk.kiosk_id,
            intent_id=request.intent_id,
            request_mac=mac,
            region_code=place.region_code,
            service_id=service.id,
            kind=request.kind,
            subject=request.subject,
            failure=request.failure,
            text=request.text.strip() or None,
            phone=request.phone or None,
            department_zh=service.agency.name.zh,
            department_en=service.agency.name.en,
            state=ComplaintState.OPEN.value,
            answer_by=None if request.kind == PRAISE else self._answer_by(local_day(now)),
            received_at=now,
            operation=operation,
            next_at=now if operation else None,
        )

    def _answer_by(self, today: date) -> date | None:
        """None: the holidays of that time are not known, and nothing is promised that may not be kept."""
        pack = self._catalogue.pack
        if pack is None:
            return None
        due = pack.working_days.due(today, Duration(days=self._settings.answer_days))
        return None if isinstance(due, NoCalendar) else due

    async def _forget(self, session: AsyncSession) -> None:
        before = self._clock() - timedelta(days=self._settings.keep_days)
        await session.execute(
            update(ComplaintRow)
            .where(
                ComplaintRow.received_at < before,
                or_(ComplaintRow.text.is_not(None), ComplaintRow.phone.is_not(None)),
            )
            .values(text=None, phone=None)
            .execution_options(synchronize_session=False)
        )


@dataclass(frozen=True)
class Digest:
    """A day's complaints in numbers, and what waits. `failed`: (service, what ended it) of what could not be done."""

    day: date
    kinds: dict[str, int]
    failed: dict[tuple[str, str], int]
    waiting: list[ComplaintRow]  # the most urgent first; words are not in it
    overdue: int


async def digest(session: AsyncSession, day: date) -> Digest:
    """Of one day in China. What waits is as of that day."""
    begins = datetime.combine(day, time(), LOCAL).astimezone(UTC)
    ends = begins + timedelta(days=1)
    rows = await session.execute(
        select(ComplaintRow.kind, ComplaintRow.subject, ComplaintRow.failure).where(
            ComplaintRow.received_at >= begins, ComplaintRow.received_at < ends
        )
    )
    kinds: Counter[str] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    for kind, subject, failure in rows:
        kinds[kind] += 1
        if kind == CANNOT_BE_DONE:
            failed[subject, failure] += 1
    open_ones = (ComplaintRow.state == ComplaintState.OPEN.value, ComplaintRow.kind != PRAISE)
    earlier = ComplaintRow.received_at < ends
    waiting = await session.scalars(
        select(ComplaintRow).where(*open_ones, earlier).order_by(ComplaintRow.answer_by, ComplaintRow.received_at)
    )
    overdue = await session.scalar(
        select(func.count()).select_from(ComplaintRow).where(*open_ones, earlier, ComplaintRow.answer_by < day)
    )
    return Digest(
        day, dict(kinds.most_common()), dict(failed.most_common()), list(waiting.fetchmany(200)), int(overdue or 0)
    )


async def answered(session: AsyncSession, ticket_no: str, now: datetime) -> bool:
    """False: there is no such open ticket. The caller commits."""
    row = await session.get(ComplaintRow, ticket_no, with_for_update=True)
    if row is None or row.state != ComplaintState.OPEN:
        return False
    row.state, row.answered_at = ComplaintState.ANSWERED.value, now
    return True


async def _by_intent(session: AsyncSession, kiosk_id: str, intent_id: str) -> ComplaintRow | None:
    found: ComplaintRow | None = await session.scalar(
        select(ComplaintRow).where(ComplaintRow.kiosk_id == kiosk_id, ComplaintRow.intent_id == intent_id)
    )
    return found


def _repeated(row: ComplaintRow, mac: str) -> ComplaintReceipt:
    if not hmac.compare_digest(row.request_mac, mac):
        raise Refused(ProblemCode.INTENT_CONFLICT)
    return _wire(row)


def _wire(row: ComplaintRow) -> ComplaintReceipt:
    return ComplaintReceipt(
        intent_id=row.intent_id,
        ticket_no=row.ticket_no,
        answer_by=row.answer_by,
        department_zh=row.department_zh,
        department_en=row.department_en,
    )
