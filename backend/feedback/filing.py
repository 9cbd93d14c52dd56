"""Complaints are filed with the department that answers them (12345): at least once, known there by our number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import select, update

from backend.db.engine import Sessions, writing
from backend.feedback.complaint_models import ComplaintRow
from backend.identity.service import Exchange
from backend.logging import where
from backend.operations.jobs import Lease
from backend.problems import Refused

log = structlog.get_logger()

JOB = "complaints.file"
_BATCH = 50
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 10, 1800


class Filing:
    def __init__(
        self, sessions: Sessions, exchange: Exchange, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._sessions = sessions
        self._exchange = exchange
        self._clock = clock

    async def run(self, lease: Lease | None = None) -> None:
        """File what is due. A department that is silent is asked again, with pauses up to half an hour; so is one about
        a ticket that cannot be read. It ends where another worker has got the lease."""
        async with self._sessions() as session:
            due = await session.scalars(
                select(ComplaintRow.ticket_no)
                .where(ComplaintRow.next_at <= self._clock())
                .order_by(ComplaintRow.tries, ComplaintRow.next_at)
                .limit(_BATCH)
            )
            tickets = list(due)
        for ticket in tickets:
            async with writing(self._sessions) as session:
                if lease is not None and not await lease.still_ours(session):
                    return
            try:
                answer = await self._ask(ticket)
            except Exception as error:  # noqa: BLE001 - one ticket must not hold up the others
                log.error("complaint_not_filed", ticket=ticket, error=type(error).__name__, where=where(error))
                answer = None
            await self._settle(ticket, answer)

    async def _settle(self, ticket: str, answer: dict[str, object] | None) -> None:
        open_ = (ComplaintRow.ticket_no == ticket, ComplaintRow.next_at.is_not(None))  # nobody has filed it meanwhile
        async with writing(self._sessions) as session:
            # Without its words: they may be what cannot be read.
            tries = await session.scalar(select(ComplaintRow.tries).where(*open_).with_for_update())
            if tries is None:
                return
            values: dict[str, object] = {"tries": tries + 1, "next_at": None}
            if answer is None:
                pause = min(_FIRST_PAUSE_S * 2 ** min(tries, 20), _LONGEST_PAUSE_S)
                values["next_at"] = self._clock() + timedelta(seconds=pause)
            else:
                values["department_no"] = str(answer.get("department_no") or "")[:80]
            await session.execute(
                update(ComplaintRow).where(*open_).values(**values).execution_options(synchronize_session=False)
            )
            await session.commit()

    async def _ask(self, ticket: str) -> dict[str, object] | None:
        """The department's answer, also a no; None: none that could be understood. Raises what reading it raises."""
        async with self._sessions() as session:
            row = await session.get_one(ComplaintRow, ticket)
        form = {"kind": row.kind, "subject": row.subject, "text": row.text or "", "phone": row.phone or ""}
        if row.failure:
            form["failure"] = row.failure
        params = {"case_no": row.ticket_no, "service_id": row.service_id, "form": form, "parts": []}
        try:
            answer = await self._exchange.call(row.operation, params)
        except Refused:
            return None
        if answer["result"] == "ok" and answer.get("department_no"):
            log.info("complaint_filed", ticket=row.ticket_no)
            return answer
        if answer["result"] == "refused":  # it stays with the hall, where the digest shows it
            log.error("complaint_not_taken", ticket=row.ticket_no, operation=row.operation)
            return {}
        log.warning("exchange_answer_unusable", operation=row.operation, error="result")
        return None
