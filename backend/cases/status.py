"""A case's progress, for whoever has its number and check code: without personal data, and not to be guessed."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from sqlalchemy import select

from backend.cases import numbers, words
from backend.cases.models import CaseEvent, CaseEventKind, CasePartRow, CaseState, ServiceCase
from backend.cases.receipt import day_words, missing
from backend.cases.settings import CasesSettings
from backend.cases.tries import Tries
from backend.contract.service_api import CaseStatus, CaseStatusQuery, CaseStep, ServiceProblem
from backend.db.engine import Sessions
from backend.identity.crypto import Vault
from backend.operations.jobs import Lease
from backend.problems import Refused
from content.schema.text import Text

log = structlog.get_logger()


class StatusService:
    def __init__(
        self,
        sessions: Sessions,
        vault: Vault,
        settings: CasesSettings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._vault = vault
        self._tries = Tries(sessions, vault, settings, "case-try", clock=clock)

    async def ask(self, kiosk_id: str, query: CaseStatusQuery) -> CaseStatus:
        """Refused: case-unknown for a wrong number as for a wrong code, too-many-tries."""
        case_no, code = numbers.typed(query.case_no), numbers.typed(query.check_code)
        counted = await self._tries.count(kiosk_id, case_no)
        async with self._sessions() as session:
            case = await session.get(ServiceCase, case_no)
        # A number that does not exist is judged in the same way.
        expected = numbers.check_code(self._vault, case_no, case.check_salt if case else "")
        right = hmac.compare_digest(expected.encode(), code.encode())
        if case is None or not right:
            log.info("case_status_refused", kiosk=kiosk_id)
            raise Refused(ServiceProblem.CASE_UNKNOWN)
        await self._tries.forget(counted)
        return await self._status(case)

    async def purge(self, lease: Lease | None = None) -> None:
        """Forget guesses that no longer count."""
        await self._tries.purge()

    async def _status(self, case: ServiceCase) -> CaseStatus:
        async with self._sessions() as session:
            events = list(
                await session.scalars(
                    select(CaseEvent).where(CaseEvent.case_no == case.case_no).order_by(CaseEvent.number)
                )
            )
            parts = list(
                await session.scalars(
                    select(CasePartRow).where(CasePartRow.case_no == case.case_no).order_by(CasePartRow.place)
                )
            )
            to_bring = await missing(session, case.case_no)
        todo = Text("", "")
        refused = next((event for event in events if event.kind == CaseEventKind.REFUSED), None)
        department = Text(case.department_zh, case.department_en)
        if refused is not None:
            todo = words.REFUSED_TODO.format(department=department, reason=words.refusal(refused.reason))
        elif to_bring:
            days = [row.by for row in to_bring if row.by is not None]
            todo = words.BRING_TODO.format(
                materials=Text(
                    "、".join(row.title_zh for row in to_bring), "; ".join(row.title_en for row in to_bring)
                ),
                until=words.UNTIL.format(day=day_words(min(days))) if days else Text("", ""),
            )
        return CaseStatus(
            case_no_masked=numbers.masked(case.case_no),
            title_zh=case.title_zh,
            title_en=case.title_en,
            department_zh=case.department_zh,
            department_en=case.department_en,
            promised_by=case.promised_by,
            steps=_steps(case, events, parts),
            todo_zh=todo.zh,
            todo_en=todo.en,
        )


def _steps(case: ServiceCase, events: list[CaseEvent], parts: list[CasePartRow]) -> list[CaseStep]:
    at = {event.kind: event.at for event in events}
    department = Text(case.department_zh, case.department_en)
    state = CaseState(case.state)
    steps = [_step(words.STEP_RECEIVED, "done", case.received_at)]
    match state:
        case CaseState.RECEIVED:
            steps.append(_step(words.STEP_HANDING_OVER.format(department=department), "now"))
        case CaseState.REFUSED:
            label = words.STEP_REFUSED.format(department=department)
            return [*steps, _step(label, "failed", at.get(CaseEventKind.REFUSED))]
        case CaseState.HANDED_OVER | CaseState.INSTANT:
            label = words.STEP_HANDED_OVER.format(department=department)
            steps.append(_step(label, "done", at.get(CaseEventKind.HANDED_OVER)))
    if state is CaseState.INSTANT:
        return [*steps, _step(words.STEP_DONE, "done", at.get(CaseEventKind.DECIDED))]
    reviewing = "now" if state is CaseState.HANDED_OVER else "todo"
    if parts:
        steps += [_step(_part_label(part), reviewing) for part in parts]
    else:
        steps.append(_step(words.STEP_REVIEW, reviewing))
    return [*steps, _step(words.STEP_DECISION, "todo")]


def _part_label(part: CasePartRow) -> Text:
    return Text(f"{part.title_zh}（{part.department_zh}）", f"{part.title_en} ({part.department_en})")


def _step(label: Text, state: str, at: datetime | None = None) -> CaseStep:
    return CaseStep(label_zh=label.zh, label_en=label.en, state=state, at=at)
