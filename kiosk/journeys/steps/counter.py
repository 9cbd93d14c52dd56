"""What the smaller journeys share: who is shown to the backend, asking it with a word on the screen, small slips."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypedDict, TypeVar
from uuid import uuid4

from content.schema.text import Text
from drivers.receipt_printer.port import Receipt
from kiosk.journal.slips import print_note
from kiosk.journeys import counter_texts as texts
from kiosk.journeys import texts as common
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.steps import Move, StepCoroutine, walk
from kiosk.journeys.steps.messages import end_with, end_with_fault, tell
from kiosk.link.client import Fault, Refusal, Unreachable
from kiosk.screens import Choice, Tone, Working

A = TypeVar("A")


class Who(TypedDict):
    proof_id: str | None
    name: str
    number: str
    licence: str | None


def who(journey: Journey) -> Who:
    """A proof where there is one, else what the card says (A1), and the licence of an organisation."""
    session = journey.session
    card = session.card if session.proof is None else None
    return Who(
        proof_id=session.proof.proof_id if session.proof is not None else None,
        name=card.name if card is not None else "",
        number=card.number if card is not None else "",
        licence=session.licence,
    )


def new_intent(kind: str) -> str:
    """The id under which a request may be repeated. Nothing of money or paper hangs on it: it is in no journal."""
    return f"{kind}-{uuid4().hex[:20]}"


async def asked(journey: Journey, call: Awaitable[A | Fault], question: Text, step: int) -> A:
    """The backend's answer. What it refuses, and its silence, end the journey with a sentence."""
    journey.stage.show(Working(question=question, speech=question, trail=journey.trail(step)))
    return await settled(journey, await call)


async def sent(
    journey: Journey, call: Callable[[], Awaitable[A | Fault]], question: Text, perhaps: Text, step: int
) -> A | Refusal:
    """The backend's answer to what it does something about. It may have done so though its answer was lost: `call`
    asks again under the same id, as often as the resident wants. `perhaps`: what to do where nobody knows."""
    while True:
        journey.stage.show(Working(question=question, speech=question, trail=journey.trail(step)))
        answer = await call()
        if not isinstance(answer, Unreachable):
            return answer
        buttons = (Choice("home", common.TO_HOME), Choice("again", common.TRY_AGAIN))
        if await tell(journey, Tone.PROBLEM, texts.NO_ANSWER, perhaps, buttons) != "again":
            raise JourneyOver("no answer")


async def settled(journey: Journey, answer: A | Fault) -> A:
    """The answer, unless it is a fault: then it has been told and the journey ends."""
    if isinstance(answer, Refusal) and answer.code in texts.REFUSED:
        raise await end_with(journey, *texts.REFUSED[answer.code])
    if isinstance(answer, Refusal | Unreachable):
        raise await end_with_fault(journey, answer)
    return answer


async def slip(journey: Journey, receipt: Receipt) -> bool:
    """True: it is out."""
    terminal = journey.terminal
    return await print_note(terminal.journal, terminal.devices.receipt_printer, receipt)


def can_slip(journey: Journey) -> bool:
    printer = journey.terminal.devices.receipt_printer
    return printer is not None and printer.status.ready


async def walk_or_leave(steps: list[StepCoroutine]) -> bool:
    """False: the resident went back from the first step."""
    return await walk(steps) is not Move.BACK
