"""Somebody comes to help: a call to the desk, and the helper's badge, which joins the session."""

from __future__ import annotations

from backend.contract.service_api import CallRequest
from content.schema.forms import ChoiceField
from content.schema.text import Text
from kiosk.journeys import counter_texts as texts
from kiosk.journeys import matter
from kiosk.journeys import texts as common
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.steps import Move
from kiosk.journeys.steps.counter import new_intent, walk_or_leave
from kiosk.journeys.steps.explain import show_guide
from kiosk.journeys.steps.fill import ask_choice_step
from kiosk.journeys.steps.finish import goodbye
from kiosk.journeys.steps.messages import tell
from kiosk.link.client import Refusal, Unreachable
from kiosk.screens import Choice, Entry, Tone, Working


async def get_help(journey: Journey) -> None:
    journey.steps = 2
    if await show_guide(journey) is Move.BACK:
        raise JourneyOver("left at the guide")
    fields = [field for field in journey.service.form if isinstance(field, ChoiceField)]
    if fields and not await walk_or_leave([ask_choice_step(journey, field, 2) for field in fields]):
        raise JourneyOver("left at the reason")
    form = matter.form(journey)
    journey.stage.show(Working(question=texts.CALLING, speech=texts.CALLING, trail=journey.trail(2)))
    answer = await journey.terminal.link.call_staff(
        CallRequest(
            intent_id=new_intent("cal"), reason=form.get("reason", "help"), priority=form.get("priority") == "yes"
        )
    )
    settings = journey.settings
    if isinstance(answer, Refusal | Unreachable):
        body = texts.NOT_CALLED_BODY.format(phone=settings.staff_phone, terminal=settings.terminal)
        await tell(journey, Tone.PROBLEM, common.STAFF_CALLED, body)
        raise JourneyOver("nobody called")
    entries = [Entry(texts.CALL_NO, Text.same(answer.call_no))]
    if answer.wait_minutes is not None:
        entries.append(Entry(texts.WHEN, texts.CALL_WAIT.format(minutes=answer.wait_minutes)))
    body = texts.CALLED_BODY.format(phone=settings.staff_phone)
    await tell(journey, Tone.GOOD, texts.CALLED, body, (Choice("ok", common.OK),), entries)
    await goodbye(journey, ())
