"""The guided questions (情形): one screen each, so that going back goes back one question."""

from __future__ import annotations

from functools import partial

from content.schema.elements import Situation
from kiosk.journeys import matter
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.steps import Move, StepCoroutine
from kiosk.journeys.steps.messages import tell
from kiosk.screens import Choice, Choose, Nav, Tone


def questions(journey: Journey, step: int) -> list[StepCoroutine]:
    return [partial(_ask, journey, each, step) for each in journey.service.situations]


async def _ask(journey: Journey, situation: Situation, step: int) -> Move:
    if situation not in matter.situations(journey):
        return Move.SKIP
    session = journey.session
    if situation.name in session.resumed:
        session.resumed.discard(situation.name)
        return Move.SKIP
    while True:
        answer = await journey.stage.ask(
            Choose(
                question=situation.question,
                speech=situation.question,
                trail=journey.trail(step),
                choices=tuple(Choice(option.value, option.label, option.hint) for option in situation.options),
            )
        )
        if isinstance(answer, Nav):
            return Move.BACK
        stop = next((option.stop for option in situation.options if option.value == answer), None)
        if stop is None:
            session.situation[situation.name] = answer
            return Move.ON
        buttons = (Choice("home", texts.TO_HOME), Choice("again", texts.CHOOSE_AGAIN))
        if await tell(journey, Tone.INFO, texts.NOT_HERE, stop, buttons) != "again":
            raise JourneyOver("stopped by the situation")
