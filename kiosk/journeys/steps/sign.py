"""A3: what is handed in is signed for, by finger on the screen."""

from __future__ import annotations

from content.schema.service import AuthLevel
from content.schema.text import Text
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey
from kiosk.journeys.steps import Move
from kiosk.screens import Nav
from kiosk.service_screens import Sign

MAX_BYTES = 290_000  # as base64 it must fit the request
_PNG = b"\x89PNG\r\n\x1a\n"


def statement(journey: Journey) -> Text:
    about = texts.SIGN_FOR_ANOTHER if journey.session.for_another else texts.SIGN_STATEMENT
    return about.format(service=journey.service.title)


async def sign(journey: Journey, step: int) -> Move:
    if journey.service.auth is not AuthLevel.A3:
        return Move.SKIP
    question = texts.SIGN
    while True:
        answer = await journey.stage.ask(
            Sign(
                question=question,
                speech=Text(f"{question.zh}。{statement(journey).zh}", f"{question.en}. {statement(journey).en}"),
                trail=journey.trail(step),
                statement=statement(journey),
            )
        )
        if isinstance(answer, Nav):
            return Move.BACK
        if answer.startswith(_PNG) and len(answer) <= MAX_BYTES:
            journey.session.signature = answer
            return Move.ON
        question = texts.SIGN_AGAIN
