"""The case: intent first, then the request under its id, then the slip. Whatever happens in between, recovery asks the
backend what it knows of the intent, and prints the slip that is still owed."""

from __future__ import annotations

import asyncio
import base64
from enum import Enum

import structlog

from backend.contract.kiosk_api import ProblemCode
from backend.contract.service_api import CaseReceipt, CaseRequest, ServiceProblem
from content.schema.text import Text
from drivers.cabinet.port import Light
from kiosk.journal.journal import Intent, IntentKind, Outcome, Phase
from kiosk.journal.slips import Slip, print_slip
from kiosk.journeys import matter
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey
from kiosk.journeys.dates import day_text
from kiosk.journeys.service_slips import case_slip, minute
from kiosk.journeys.steps.counter import who
from kiosk.journeys.steps.form import page_of
from kiosk.journeys.steps.messages import end_with, end_with_fault, tell
from kiosk.journeys.steps.papers import handed_in
from kiosk.journeys.steps.prove_again import prove_again
from kiosk.link.client import Fault, Refusal, Unreachable
from kiosk.screens import Choice, Entry, Milestone, Tone, Working

log = structlog.get_logger()
_TRIES = 2
_PAUSE_S = 1.0


class Redo(Enum):
    """The matter cannot be handed in as it is; where the resident goes back to, to mend it."""

    FOR_WHOM = "for-whom"
    QUESTIONS = "questions"
    PAPERS = "papers"
    DELIVERY = "delivery"
    REVIEW = "review"


async def hand_in(journey: Journey, step: int) -> tuple[Intent, CaseReceipt] | Redo | int:
    """The received case; or where to go on instead, perhaps the number of a form page. Every other end has been told
    and raises."""
    if not matter.complete(journey):
        # Each page was checked; only an answer changed on the way back can lead here.
        await tell(journey, Tone.INFO, texts.FORM_INCOMPLETE, texts.FORM_INCOMPLETE_BODY, (_MEND,))
        return 0
    journey.stage.show(_working(journey, step, texts.HANDING_IN, received=False))
    intent = await journey.terminal.journal.begin(
        IntentKind.CASE, session=journey.session.id, service=journey.service.id
    )
    answer = await _open(journey, intent)
    if isinstance(answer, CaseReceipt):
        log.info("case_received", intent=intent.id, state=answer.state)
        return intent, answer
    if isinstance(answer, Unreachable):
        # It may have arrived: the intent stays open, and the slip is printed here once the backend has told.
        number = Entry(texts.OUR_NUMBER, Text.same(intent.id[-8:]))
        raise await end_with(journey, texts.CASE_UNKNOWN, texts.CASE_UNKNOWN_BODY, entries=(number,))
    await journey.terminal.journal.settle(intent.id, Outcome.NEVER_HAPPENED)
    log.warning("case_refused", intent=intent.id, code=answer.code)
    return await _refused(journey, answer)


_MEND = Choice("mend", texts.MEND)
# What stands before the colon in the detail of a form that does not fit; otherwise it is a field's name.
_ELSEWHERE = {
    "agent": Redo.FOR_WHOM,
    "situation": Redo.QUESTIONS,
    "part": Redo.QUESTIONS,
    "material": Redo.PAPERS,
    "delivery": Redo.DELIVERY,
    "signature": Redo.REVIEW,
}


async def _open(journey: Journey, intent: Intent) -> CaseReceipt | Fault:
    """The same request under the same id gives the same case: it is simply asked again. The journal notes when, because
    recovery takes "unknown" for "never" only some time after the last request."""
    request = _request(journey, intent)
    answer: CaseReceipt | Fault = Unreachable("never tried")
    for attempt in range(_TRIES):
        if attempt:
            await asyncio.sleep(_PAUSE_S)
            await journey.terminal.journal.advance(intent.id, Phase.BEGUN)
        answer = await journey.terminal.link.open_case(request)
        if not isinstance(answer, Unreachable):
            break
    return answer


def _request(journey: Journey, intent: Intent) -> CaseRequest:
    session, service = journey.session, journey.service
    return CaseRequest(
        intent_id=intent.id,
        service_id=service.id,
        service_version=service.version,
        **who(journey),
        situation=matter.situation(journey),
        form=matter.form(journey),
        parts=[part.id for part in matter.chosen_parts(journey)],
        materials=handed_in(journey),
        agent=session.principal,
        delivery=session.delivery or "counter",
        signature_png=base64.b64encode(session.signature).decode() if session.signature is not None else None,
        draft_code=session.draft_code,
    )


async def _refused(journey: Journey, refusal: Refusal) -> Redo | int:
    match refusal.code:
        case ServiceProblem.FORM_INVALID if (where := _ELSEWHERE.get(refusal.detail.partition(":")[0])) is not None:
            await tell(journey, Tone.INFO, texts.FORM_INCOMPLETE, texts.FORM_INCOMPLETE_BODY, (_MEND,))
            return where
        case ServiceProblem.FORM_INVALID:
            field = next((each for each in matter.fields(journey) if each.name == refusal.detail), None)
            label = field.label if field is not None else texts.THE_FORM
            body = texts.FORM_REFUSED_BODY.format(label=label)
            await tell(journey, Tone.INFO, texts.FORM_INCOMPLETE, body, (_MEND,))
            return page_of(journey, refusal.detail)
        case ProblemCode.PROOF_EXPIRED if journey.session.proof is not None:
            await prove_again(journey)
            return Redo.REVIEW
    if refusal.code in texts.REFUSED:
        raise await end_with(journey, *texts.REFUSED[refusal.code])
    raise await end_with_fault(journey, refusal)


async def give_receipt(journey: Journey, intent: Intent, receipt: CaseReceipt, step: int) -> bool:
    """受理单 on paper and on the screen. True: it is out.

    Where it did not come out, the intent is settled only once the resident has seen the number and said so; one who
    has gone finds the slip here as soon as the printer works."""
    terminal = journey.terminal
    journey.stage.show(_working(journey, step, texts.PRINTING_RECEIPT, received=True))
    slip = await print_slip(
        terminal.journal,
        terminal.devices.receipt_printer,
        case_slip(receipt, journey.settings, copy=False),
        session=journey.session.id,
        service=journey.service.id,
        parent=intent.id,
    )
    if slip is Slip.PRINTED:
        await terminal.journal.settle(intent.id, Outcome.DONE)
    if slip is not Slip.NOT_PRINTED:
        journey.lights.on(Light.RECEIPT_TRAY)
    body = {
        Slip.PRINTED: texts.RECEIVED_BODY,
        Slip.NOT_PRINTED: texts.RECEIVED_WRITE_DOWN,
        Slip.NOT_KNOWN: texts.RECEIVED_LOOK,
    }[slip]
    title = texts.DECIDED if receipt.state == "instant" else texts.RECEIVED
    await tell(journey, Tone.GOOD, title, body, (Choice("ok", texts.NOTED),), receipt_entries(receipt))
    if slip is Slip.NOT_PRINTED:
        await terminal.journal.settle(intent.id, Outcome.DONE)
    return slip is not Slip.NOT_PRINTED


def receipt_entries(receipt: CaseReceipt) -> tuple[Entry, ...]:
    entries = [
        Entry(texts.CASE_NO, Text.same(receipt.case_no)),
        Entry(texts.CHECK_CODE, Text.same(receipt.check_code)),
        Entry(texts.DEPARTMENT, Text(receipt.department_zh, receipt.department_en)),
        Entry(texts.RECEIVED_AT, Text.same(minute(receipt.received_at))),
    ]
    if receipt.promised_by is not None:
        entries.append(Entry(texts.PROMISED, day_text(receipt.promised_by)))
    if receipt.outcome_zh:
        entries.append(Entry(texts.OUTCOME, Text(receipt.outcome_zh, receipt.outcome_en)))
    entries += [
        Entry(Text(part.title_zh, part.title_en), Text(part.department_zh, part.department_en))
        for part in receipt.parts
    ]
    entries += [
        Entry(texts.TO_BRING.format(name=Text(entry.label_zh, entry.label_en)), Text(entry.value_zh, entry.value_en))
        for entry in receipt.to_bring
    ]
    return tuple(entries)


def _working(journey: Journey, step: int, question: Text, *, received: bool) -> Working:
    return Working(
        question=question,
        speech=question,
        trail=journey.trail(step),
        milestones=(
            Milestone(texts.DOING_HAND_IN, "done" if received else "now"),
            Milestone(texts.DOING_RECEIPT, "now" if received else "todo"),
        ),
    )
