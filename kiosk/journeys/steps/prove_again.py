"""A proof lasts a quarter of an hour; a long form takes longer. Nobody fills it in twice for that."""

from __future__ import annotations

from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey
from kiosk.journeys.steps import Move
from kiosk.journeys.steps.identify import prove_holder
from kiosk.journeys.steps.messages import tell
from kiosk.screens import Choice, Tone


async def prove_again(journey: Journey) -> Move:
    await tell(journey, Tone.INFO, texts.PROVE_AGAIN, texts.PROVE_AGAIN_BODY, (Choice("ok", texts.GO_ON),))
    return await prove_holder(journey)
