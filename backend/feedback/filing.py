"""Complaints are filed with the department that answers them (12345): at least once, known there by our number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import select

from backend.db.engine import Sessions, writing
from backend.feedback.complaint_models import ComplaintRow
from backend.identity.service import Exchange
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
        """File what is due. A department that is silent is asked again, with pauses up to half an hour."""
        async with self._sessions() as session:
            due = await session.scalars(
                select(ComplaintRow)
                .where(ComplaintRow.next_at <= self._clock())
                .order_by(ComplaintRow.next_at)
                .limit(_BATCH)
            )
            rows = list(due)
        for row in rows:
            answer = await self._ask(row)
            async with writing(self._sessions) as session:
                current = await session.get_one(ComplaintRow, row.ticket_no, with_for_update=True)
                if current.next_at is None:
                    continue  # another worker has filed it meanwhile
                current.tries += 1
                number = answer.get("department_no") if answer else None
                if answer is None:
                    pause = min(_FIRST_PAUSE_S * 2 ** min(current.tries - 1, 20), _LONGEST_PAUSE_S)
                    current.next_at = self._clock() + timedelta(seconds=pause)
                else:
                    current.department_no, current.next_at = str(number or "")[:80], None
                await session.commit()

    async def _ask(self, row: ComplaintRow) -> dict[str, object] | None:
        """The department's answer, also a no; None: none that could be understood."""
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
