"""Hands cases over to their lead departments: at least once, by any number of workers.

A worker takes rows of the outbox under a lease, commits, asks the department, and writes what became of it. One that
dies in between leaves the lease to end; then another asks again, with the same case number, by which the department
knows it. An answer that comes after the lease has passed on changes nothing.

Each operation has a queue of its own: a department that is silent holds up its own cases only. After a batch without
any answer it is left alone for a while, and then asked for one case.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import undefer

from backend.cases.models import (
    CaseEvent,
    CaseEventKind,
    CaseHandover,
    CaseMaterialRow,
    CasePartRow,
    CaseState,
    HandoverState,
    ServiceCase,
)
from backend.db.engine import Sessions, writing
from backend.identity.service import Exchange
from backend.logging import where
from backend.operations.jobs import Lease
from backend.problems import Refused

log = structlog.get_logger()

JOB = "cases.handover"

_AT_ONCE = 5  # of one operation
_QUEUES_AT_ONCE = 12
_LONGEST_RUN_S = 60.0  # then the run is over, and what has come meanwhile has its turn
_LONGEST_BREAK_S = 60
_FIRST_PAUSE_S = 5
_LONGEST_PAUSE_S = 1800
_TOLD_AFTER = 10  # attempts
_KEYWORD = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True)
class Accepted:
    department_no: str


@dataclass(frozen=True)
class Declined:
    reason: str  # a keyword; "": none that we would repeat


@dataclass(frozen=True)
class Silent:
    """The department did not answer so that it could be understood: it is asked again."""

    error: str


Answer = Accepted | Declined | Silent


@dataclass(frozen=True)
class Silence:
    """A department has answered nothing `times` in a row, and is left alone until then."""

    times: int
    until: datetime


def pause_after(attempts: int) -> timedelta:
    """5 s, 10 s, 20 s … 30 min."""
    return timedelta(seconds=min(_FIRST_PAUSE_S * 2 ** min(attempts - 1, 20), _LONGEST_PAUSE_S))


class Handover:
    def __init__(
        self,
        sessions: Sessions,
        exchange: Exchange,
        *,
        timeout_s: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._exchange = exchange
        self._timeout_s = timeout_s
        self._clock = clock
        # Longer than the slowest batch can take.
        self._lease = timedelta(seconds=timeout_s * 2 + 10)
        self._silent: dict[str, Silence] = {}  # by operation

    async def run(self, lease: Lease | None = None) -> None:
        """Hand over all that is due, except to departments that are left alone just now."""
        now = self._clock()
        async with self._sessions() as session:
            operations = list(
                await session.scalars(
                    select(CaseHandover.operation)
                    .where(CaseHandover.state == HandoverState.WAITING.value, CaseHandover.next_at <= now)
                    .distinct()
                )
            )
        places, until = asyncio.Semaphore(_QUEUES_AT_ONCE), time.monotonic() + _LONGEST_RUN_S

        async def drain(operation: str) -> None:
            while time.monotonic() < until:
                async with places:
                    if not await self._hand_over_some(operation):
                        return

        async with asyncio.TaskGroup() as group:
            for operation in operations:
                group.create_task(drain(operation))

    async def _hand_over_some(self, operation: str) -> bool:
        """Take a batch of this operation and hand it over; whether to go on with it."""
        silence = self._silent.get(operation)
        if silence is not None and self._clock() < silence.until:
            return False
        due = (CaseHandover.operation == operation) & (CaseHandover.next_at <= self._clock())
        taken = await self._take(due, 1 if silence is not None else _AT_ONCE)
        if not taken:
            return False
        if await self._hand_over(taken, self._timeout_s):
            self._silent.pop(operation, None)
            return True
        times = silence.times + 1 if silence is not None else 1
        pause = min(pause_after(times), timedelta(seconds=_LONGEST_BREAK_S))
        self._silent[operation] = Silence(times, self._clock() + pause)
        return False

    async def now(self, case_no: str, timeout_s: float) -> None:
        """This case at once, due or not, if nobody else is at it; where the department takes longer it is asked again
        later."""
        await self._hand_over(await self._take(CaseHandover.case_no == case_no, _AT_ONCE), timeout_s)

    async def _hand_over(self, taken: list[CaseHandover], timeout_s: float) -> int:
        """All of them at the same time; how many were answered."""

        async def one(row: CaseHandover) -> bool:
            answer = await self._ask(row, timeout_s)
            await self._settle(row, answer)
            return not isinstance(answer, Silent)

        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(one(row)) for row in taken]
        return sum(task.result() for task in asked)

    async def _take(self, which: ColumnElement[bool], most: int) -> list[CaseHandover]:
        now, token = self._clock(), secrets.token_hex(8)
        async with writing(self._sessions) as session:
            rows = list(
                await session.scalars(
                    select(CaseHandover)
                    .where(
                        CaseHandover.state == HandoverState.WAITING.value,
                        which,
                        or_(CaseHandover.lease_until.is_(None), CaseHandover.lease_until <= now),
                    )
                    # What has never been asked first: a case that a department chokes on holds up no other.
                    .order_by(CaseHandover.attempts, CaseHandover.next_at)
                    .limit(most)
                    .with_for_update(skip_locked=True)
                )
            )
            for row in rows:
                row.lease, row.lease_until = token, now + self._lease
                row.attempts += 1
            await session.commit()
        return rows

    async def _ask(self, row: CaseHandover, timeout_s: float) -> Answer:
        try:
            params = await self._params(row.case_no)
            async with asyncio.timeout(timeout_s):
                answer = await self._exchange.call(row.operation, params)
        except TimeoutError:
            return Silent("timeout")
        except Refused as refused:
            return Silent(refused.code.value)
        except Exception as error:  # noqa: BLE001 - one case must not hold up the others
            log.error("handover_failed", case_no=row.case_no, error=type(error).__name__, where=where(error))
            return Silent(type(error).__name__)
        number, reason = answer.get("department_no"), answer.get("reason")
        match answer["result"]:
            case "ok" if isinstance(number, str) and 0 < len(number) <= 80 and number.isprintable():
                return Accepted(number)
            case "refused":
                return Declined(reason if isinstance(reason, str) and _KEYWORD.fullmatch(reason) else "")
            case _:
                return Silent("answer")

    async def _params(self, case_no: str) -> dict[str, Any]:
        async with self._sessions() as session:
            case = await session.get_one(ServiceCase, case_no, options=[undefer(ServiceCase.content)])
            parts = list(
                await session.scalars(
                    select(CasePartRow).where(CasePartRow.case_no == case_no).order_by(CasePartRow.place)
                )
            )
            materials = list(
                await session.scalars(
                    select(CaseMaterialRow).where(CaseMaterialRow.case_no == case_no).order_by(CaseMaterialRow.place)
                )
            )
        content = json.loads(case.content)
        return {
            "case_no": case_no,
            "service_id": case.service_id,
            "service_version": case.service_version,
            "received_at": case.received_at.isoformat(),
            "promised_by": case.promised_by.isoformat() if case.promised_by else None,
            "applicant": content["person"],
            "agent": content["agent"],
            "organisation": content["licence"],
            "situation": content["situation"],
            "form": content["form"],
            "parts": [
                {
                    "part": part.part_id,
                    "department": part.department,
                    "operation": part.operation,
                    "due_on": part.due_on.isoformat() if part.due_on else None,
                    "form": content["parts"].get(part.part_id, {}),
                }
                for part in parts
            ],
            "partners": content["partners"],
            "materials": [{"material": one.material_id, "how": one.how} for one in materials],
            "delivery": case.delivery,
        }

    async def _settle(self, row: CaseHandover, answer: Answer) -> None:
        now = self._clock()
        async with writing(self._sessions) as session:
            case = await session.get_one(ServiceCase, row.case_no, with_for_update=True)
            ours = (CaseHandover.number == row.number, CaseHandover.lease == row.lease)
            values: dict[str, Any] = {"lease": None, "lease_until": None, "error": ""}
            match answer:
                case Accepted(number):
                    values |= {"state": HandoverState.DONE.value, "department_no": number, "done_at": now}
                case Declined():
                    values |= {"state": HandoverState.REFUSED.value, "done_at": now}
                case Silent(error):
                    values |= {"next_at": now + pause_after(row.attempts), "error": error[:80]}
            settled = await session.execute(
                update(CaseHandover).where(*ours).values(**values).execution_options(synchronize_session=False)
            )
            if settled.rowcount != 1:  # type: ignore[attr-defined]  # whoever's lease has ended has nothing to say
                return
            for kind in await self._moved(session, case, answer, now):
                reason = answer.reason if isinstance(answer, Declined) else ""
                session.add(
                    CaseEvent(case_no=case.case_no, kind=kind.value, department=row.department, reason=reason, at=now)
                )
            await session.commit()
        _say(row, answer)

    async def _moved(self, session: Any, case: ServiceCase, answer: Answer, now: datetime) -> list[CaseEventKind]:
        """Take the case one step further, if this answer does; what happened to it."""
        if isinstance(answer, Silent):
            return []
        if isinstance(answer, Declined):
            case.state, case.closed_at = CaseState.REFUSED.value, now
            return [CaseEventKind.REFUSED]
        waiting = select(func.count()).select_from(CaseHandover)
        waiting = waiting.where(CaseHandover.case_no == case.case_no, CaseHandover.state == HandoverState.WAITING.value)
        if case.state != CaseState.RECEIVED or await session.scalar(waiting):
            return [CaseEventKind.HANDED_OVER]
        if case.instant:
            case.state, case.closed_at = CaseState.INSTANT.value, now
            return [CaseEventKind.HANDED_OVER, CaseEventKind.DECIDED]
        case.state = CaseState.HANDED_OVER.value
        return [CaseEventKind.HANDED_OVER]


def _say(row: CaseHandover, answer: Answer) -> None:
    match answer:
        case Accepted():
            log.info("case_handed_over", case_no=row.case_no, operation=row.operation, attempts=row.attempts)
        case Declined(reason):
            log.info("case_refused", case_no=row.case_no, operation=row.operation, reason=reason)
        case Silent(error):
            told = log.error if row.attempts >= _TOLD_AFTER else log.warning
            told("case_not_handed_over", case_no=row.case_no, operation=row.operation, error=error, n=row.attempts)
