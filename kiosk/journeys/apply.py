"""An application from touch to receipt: explain → consent → identify → for whom → questions → papers → form → review →
sign → case → receipt → rate."""

from __future__ import annotations

from functools import partial

from content.schema.service import AuthLevel
from kiosk.journeys import texts as common
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.steps import Move, StepCoroutine, walk
from kiosk.journeys.steps.case import Redo, give_receipt, hand_in
from kiosk.journeys.steps.delegate import delegation
from kiosk.journeys.steps.draft import offer_draft
from kiosk.journeys.steps.explain import ask_consent, show_guide
from kiosk.journeys.steps.finish import goodbye, rate
from kiosk.journeys.steps.form import pages
from kiosk.journeys.steps.identify import prove_holder, read_card
from kiosk.journeys.steps.licence import scan_licence
from kiosk.journeys.steps.papers import show_late_papers, show_papers
from kiosk.journeys.steps.review import choose_delivery, review
from kiosk.journeys.steps.sign import sign
from kiosk.journeys.steps.situations import questions


async def apply(journey: Journey) -> None:
    """Raises `JourneyOver`, `TimedOut` or `CancelledError` when it ends early; an open intent is then resolved by
    `kiosk.journal.recovery`, as after a crash."""
    await walk_to_case(journey, [])


async def walk_to_case(journey: Journey, after_questions: list[StepCoroutine]) -> None:
    """What applications and packages share; `after_questions` comes between the guided questions and the papers."""
    anonymous = journey.service.auth is AuthLevel.A0
    journey.steps = 4 if anonymous else 5
    asking, filling, ending = (2, 3, 4) if anonymous else (3, 4, 5)
    known: list[StepCoroutine] = [
        partial(show_guide, journey),
        partial(ask_consent, journey),
        partial(identify, journey),
    ]
    whose: list[StepCoroutine] = [*delegation(journey, asking), partial(offer_draft, journey, asking)]
    asked = [*questions(journey, asking), *after_questions]
    form = pages(journey, filling)
    end: list[StepCoroutine] = [
        partial(choose_delivery, journey, ending),
        partial(review, journey, ending),
        partial(sign, journey, ending),
    ]
    steps: list[StepCoroutine] = [
        *known,
        *whose,
        *asked,
        partial(show_papers, journey, asking),
        *form,
        partial(show_late_papers, journey, filling),
        *end,
    ]
    places = {
        Redo.FOR_WHOM: len(known),
        Redo.QUESTIONS: len(known) + len(whose),
        Redo.PAPERS: len(known) + len(whose) + len(asked),
        Redo.DELIVERY: len(steps) - len(end),
        Redo.REVIEW: len(steps) - len(end) + 1,
    }
    at = 0
    while True:
        if await walk(steps, at) is Move.BACK:
            raise JourneyOver("left at the guide")
        done = await hand_in(journey, ending)
        if isinstance(done, tuple):
            break
        at = places[done] if isinstance(done, Redo) else places[Redo.PAPERS] + 1 + done
    slip = await give_receipt(journey, *done, ending)
    await rate(journey, ending)
    reminders = [common.TAKE_CARD] if journey.session.card is not None else []
    reminders += [common.TAKE_ORIGINAL] if journey.session.paper_on_glass else []
    await goodbye(journey, (*reminders, *([common.TAKE_SLIP] if slip else [])))


async def identify(journey: Journey) -> Move:
    """By the service's level. Who was proven in this session is not asked again, whichever way they pass here."""
    auth, session = journey.service.auth, journey.session
    steps: list[StepCoroutine] = []
    if auth.organisation and session.licence is None:
        steps.append(partial(scan_licence, journey))
    if auth.reads_card and session.card is None:
        steps.append(partial(read_card, journey))
    if auth.proves_holder and session.proof is None:
        steps.append(partial(prove_holder, journey))
    if not steps:
        return Move.SKIP
    move = await walk(steps)
    if move is Move.BACK:
        session.card, session.licence, session.licence_claims = None, None, None  # perhaps another one comes
    return move
