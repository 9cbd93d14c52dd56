"""Telling the resident what happened and what can be done next."""

from __future__ import annotations

from collections.abc import Sequence

from content.schema.text import Text
from kiosk.journeys import texts
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.link.client import Fault, Unreachable
from kiosk.screens import Choice, Entry, Message, Nav, Tone

OK_BUTTON = Choice("ok", texts.TO_HOME)
ESCALATION = "cannot-be-done"  # the service (办不成事) that a failure can be reported with
_REPORT = Choice("report", texts.REPORT_FAILURE)


async def tell(
    journey: Journey,
    tone: Tone,
    title: Text,
    body: Text,
    buttons: Sequence[Choice] = (OK_BUTTON,),
    entries: Sequence[Entry] = (),
) -> str:
    """Show a message and return the touched button's value; no touch at all ends the journey as everywhere."""
    answer = await journey.stage.ask(
        Message(
            question=title,
            speech=Text(f"{title.zh}。{body.zh}", f"{title.en}. {body.en}"),
            tone=tone,
            body=body,
            buttons=tuple(buttons),
            entries=tuple(entries),
        )
    )
    return answer.value if isinstance(answer, Nav) else answer


async def end_with(
    journey: Journey, title: Text, body: Text, *, tone: Tone = Tone.PROBLEM, entries: Sequence[Entry] = ()
) -> JourneyOver:
    """Tell, then return the exception that ends the journey: `raise await end_with(...)`."""
    await tell(journey, tone, title, body, entries=entries)
    return JourneyOver(title.en)


async def end_with_fault(journey: Journey, fault: Fault) -> JourneyOver:
    """For faults that the step itself cannot do anything about."""
    if isinstance(fault, Unreachable):
        return await end_with(journey, texts.BACKEND_GONE, texts.BACKEND_GONE_BODY)
    title, body = texts.REFUSED.get(fault.code, (texts.INTERNAL_FAULT, texts.INTERNAL_FAULT_BODY))
    return await end_with_report(journey, title, body, fault.code)


async def end_with_report(journey: Journey, title: Text, body: Text, failure: str) -> JourneyOver:
    """Like `end_with`; the resident may go on to report that it could not be done. `failure`: a keyword."""
    if not journey.terminal.can_report or journey.service.id == ESCALATION:
        return await end_with(journey, title, body)
    answer = await tell(journey, Tone.PROBLEM, title, body, (OK_BUTTON, _REPORT))
    return JourneyOver(title.en, reported=failure if answer == _REPORT.value else "")
