"""What to bring: guided questions → the exact list, printed as a one-time notice (一次性告知单)."""

from __future__ import annotations

from functools import partial

from kiosk.journeys import counter_texts as texts
from kiosk.journeys import service_texts
from kiosk.journeys import texts as common
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.service_slips import notice_slip
from kiosk.journeys.steps import Move, StepCoroutine, walk
from kiosk.journeys.steps.counter import can_slip, slip
from kiosk.journeys.steps.explain import show_guide
from kiosk.journeys.steps.finish import goodbye, rate
from kiosk.journeys.steps.messages import tell
from kiosk.journeys.steps.papers import papers_of
from kiosk.journeys.steps.situations import questions
from kiosk.screens import Choice, Nav, Tone
from kiosk.service_screens import Papers, PapersAnswer


async def advise(journey: Journey) -> None:
    journey.steps = 3
    steps: list[StepCoroutine] = [partial(show_guide, journey), *questions(journey, 2)]
    printed, move = False, await walk(steps)
    while True:
        if move is Move.BACK:
            raise JourneyOver("left at the guide")
        papers = papers_of(journey)
        while True:
            answer = await journey.stage.ask(
                Papers(
                    question=texts.ADVICE_DONE,
                    speech=texts.ADVICE_DONE,
                    trail=journey.trail(3),
                    papers=papers,
                    can_print=can_slip(journey),
                    note=None if papers else texts.NOTHING_TO_BRING,
                )
            )
            if answer is not PapersAnswer.PRINT:
                break
            printed = await slip(journey, notice_slip(journey, papers))
            title = service_texts.NOTICE_PRINTED if printed else common.NO_RECEIPT_PRINTER
            tone = Tone.GOOD if printed else Tone.PROBLEM
            await tell(journey, tone, title, journey.service.title, (Choice("ok", common.OK),))
        if isinstance(answer, Nav):
            move = await walk(steps, len(steps) - 1, forward=False)  # to the last question that was asked
            continue
        break
    await rate(journey, 3)
    await goodbye(journey, (common.TAKE_SLIP,) if printed else ())
