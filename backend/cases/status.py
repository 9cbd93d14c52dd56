"""A case's progress, for whoever has its number and check code: without personal data, and not to be guessed."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import delete, func, select

from backend.cases import numbers, words
from backend.cases.models import CaseEvent, CaseEventKind, CasePartRow, CaseState, CaseTry, ServiceCase
from backend.cases.receipt import day_words, missing
from backend.cases.settings import CasesSettings
from backend.contract.kiosk_api import ProblemCode
from backend.contract.service_api import CaseStatus, CaseStatusQuery, CaseStep, ServiceProblem
from backend.db.engine import Sessions, writing
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
        self._settings = settings
        self._clock = clock

    async def ask(self, kiosk_id: str, query: CaseStatusQuery) -> CaseStatus:
        """Refused: case-unknown for a wrong number as for a wrong code, too-many-tries."""
        case_no, code = numbers.typed(query.case_no), numbers.typed(query.check_code)
        counted = await self._count(kiosk_id, case_no)
        async with self._sessions() as session:
            case = await session.get(ServiceCase, case_no)
        # A number that does not exist is judged in the same way.
        expected = numbers.check_code(self._vault, case_no, case.check_salt if case else "")
        right = hmac.compare_digest(expected.encode(), code.encode())
        if case is None or not right:
            log.info("case_status_refused", kiosk=kiosk_id)
            raise Refused(ServiceProblem.CASE_UNKNOWN)
        await self._forget(counted)
        return await self._status(case)

    async def purge(self, lease: Lease | None = None) -> None:
        """Forget guesses that no longer count."""
        async with writing(self._sessions) as session:
            await session.execute(delete(CaseTry).where(CaseTry.at < self._since()))
            await session.commit()

    async def _count(self, kiosk_id: str, case_no: str) -> int:
        """Count the question before it is judged, so that parallel guesses share none. Refused(TOO_MANY_TRIES)."""
        asked_for = self._vault.mac("case-try", case_no).hex()
        async with writing(self._sessions) as session:
            row = CaseTry(kiosk_id=kiosk_id, asked_for=asked_for, at=self._clock())
            session.add(row)
            await session.commit()
        async with self._sessions() as session:
            recent = select(func.count()).select_from(CaseTry).where(CaseTry.at >= self._since())
            of_case = await session.scalar(recent.where(CaseTry.asked_for == asked_for)) or 0
            of_kiosk = await session.scalar(recent.where(CaseTry.kiosk_id == kiosk_id)) or 0
        if of_case > self._settings.tries_per_case or of_kiosk > self._settings.tries_per_kiosk:
            log.warning("case_status_rate_limited", kiosk=kiosk_id)
            await self._forget(row.number)  # or whoever goes on asking would never be let in again
            raise Refused(ProblemCode.TOO_MANY_TRIES, "rate")
        return row.number

    async def _forget(self, number: int) -> None:
        async with writing(self._sessions) as session:
            await session.execute(delete(CaseTry).where(CaseTry.number == number))
            await session.commit()

    def _since(self) -> datetime:
        return self._clock() - timedelta(minutes=self._settings.tries_minutes)

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
