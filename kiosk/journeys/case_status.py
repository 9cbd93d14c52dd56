"""Progress of a case by its number and check code. Nothing of a person is on the screen."""

from __future__ import annotations

from functools import partial

from backend.contract.service_api import CaseStatus, CaseStatusQuery, ServiceProblem
from content.schema.text import Text
from drivers.cabinet.port import Light
from drivers.code_scanner.port import CodeScanner, ScanContext
from drivers.receipt_printer.port import Heading, Line, Pair, Receipt, ReceiptPart, Rule
from kiosk.journeys import counter_texts as texts
from kiosk.journeys import texts as common
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.dates import day_text
from kiosk.journeys.service_slips import minute
from kiosk.journeys.steps import Move, walk
from kiosk.journeys.steps.counter import can_slip, slip
from kiosk.journeys.steps.explain import show_guide
from kiosk.journeys.steps.finish import goodbye, rate
from kiosk.journeys.steps.form import pages
from kiosk.journeys.steps.messages import end_with_fault, tell
from kiosk.journeys.waiting import first_of
from kiosk.link.client import Refusal, Unreachable
from kiosk.screens import Choice, Choose, Entry, Milestone, Nav, Tone, Working
from kiosk.service_screens import Record, RecordAnswer, ScanCode


async def case_status(journey: Journey) -> None:
    journey.steps = 3
    if await show_guide(journey) is Move.BACK:
        raise JourneyOver("left at the guide")
    while True:
        if await _number(journey) is Move.BACK:
            raise JourneyOver("left at the number")
        status = await _ask(journey)
        if status is not None:
            break
    printed = False
    while True:
        answer = await journey.stage.ask(_screen(journey, status, printed))
        if answer is not RecordAnswer.PRINT:
            break
        printed = await slip(journey, _slip(journey, status))
        if not printed:
            await tell(
                journey, Tone.PROBLEM, common.NO_RECEIPT_PRINTER, common.UNAVAILABLE_ADVICE, (Choice("ok", common.OK),)
            )
    await rate(journey, 3)
    await goodbye(journey, (common.TAKE_SLIP,) if printed else ())


async def _number(journey: Journey) -> Move:
    """Scanned from the receipt or typed; then the form, which has what was scanned in it already."""
    return await walk([partial(_how, journey), *pages(journey, 2)])


async def _how(journey: Journey) -> Move:
    scanner = journey.terminal.devices.code_scanner
    if scanner is None or not scanner.status.ready:
        return Move.SKIP
    how = await journey.stage.ask(
        Choose(
            question=texts.HOW_TO_FIND,
            speech=texts.HOW_TO_FIND,
            trail=journey.trail(2),
            choices=(
                Choice("scan", texts.BY_SCANNING, icon="scan-line"),
                Choice("type", texts.BY_TYPING, icon="keyboard"),
            ),
        )
    )
    if isinstance(how, Nav):
        return Move.BACK
    if how == "scan":
        await _scan(journey, scanner)
    return Move.ON


async def _scan(journey: Journey, scanner: CodeScanner) -> None:
    """BACK leads on to typing, as the screen says."""
    screen = ScanCode(
        question=texts.SCAN_CASE,
        speech=texts.SCAN_CASE,
        trail=journey.trail(2),
        hint=texts.SCAN_CASE_HINT,
        on_paper=True,
    )
    with journey.lights.guiding(Light.SCANNER):
        asking = journey.stage.ask(screen)
        found = await first_of(asking, scanner.scan(ScanContext.CASE_NUMBER))
    if found is not None and not isinstance(found, Nav):
        journey.session.form["case_no"] = found.text


async def _ask(journey: Journey) -> CaseStatus | None:
    """None: number or code is wrong, the resident has been told and may try again."""
    form = journey.session.form
    journey.stage.show(Working(question=texts.ASKING, speech=texts.ASKING, trail=journey.trail(2)))
    query = CaseStatusQuery(case_no=form["case_no"], check_code=form["check_code"].upper())
    answer = await journey.terminal.link.case_status(query)
    if isinstance(answer, Refusal) and answer.code == ServiceProblem.CASE_UNKNOWN:
        buttons = (Choice("again", common.TRY_AGAIN), Choice("home", common.TO_HOME))
        if await tell(journey, Tone.INFO, texts.CASE_UNKNOWN, texts.CASE_UNKNOWN_BODY, buttons) != "again":
            raise JourneyOver("case unknown")
        return None
    if isinstance(answer, Refusal | Unreachable):
        raise await end_with_fault(journey, answer)
    return answer


def _entries(status: CaseStatus) -> tuple[Entry, ...]:
    entries = [
        Entry(texts.CASE, Text.same(status.case_no_masked)),
        Entry(texts.MATTER, Text(status.title_zh, status.title_en)),
        Entry(texts.DEPARTMENT, Text(status.department_zh, status.department_en)),
    ]
    if status.promised_by is not None:
        entries.append(Entry(texts.PROMISED, day_text(status.promised_by)))
    if status.todo_zh:
        entries.append(Entry(texts.TO_DO, Text(status.todo_zh, status.todo_en)))
    return tuple(entries)


def _screen(journey: Journey, status: CaseStatus, printed: bool) -> Record:
    return Record(
        question=texts.PROGRESS,
        speech=texts.PROGRESS,
        trail=journey.trail(3),
        entries=_entries(status),
        milestones=tuple(Milestone(Text(step.label_zh, step.label_en), step.state) for step in status.steps),
        note=texts.SLIP_PRINTED if printed else None,
        can_print=can_slip(journey) and not printed,
    )


def _slip(journey: Journey, status: CaseStatus) -> Receipt:
    parts: list[ReceiptPart] = [Heading("办理进度"), Line(journey.settings.site), Rule()]
    parts += [Pair(entry.label.zh, entry.value.zh) for entry in _entries(status)]
    parts.append(Rule())
    words = {"done": "已完成", "now": "正在办", "todo": "未开始", "failed": "未通过"}
    parts += [
        Pair(step.label_zh, minute(step.at) if step.at is not None else words.get(step.state, ""))
        for step in status.steps
    ]
    parts.append(Pair("终端", journey.settings.terminal))
    return Receipt(tuple(parts))
