"""A paper under the camera: look, take, look at what was taken, keep or take again, page by page."""

from __future__ import annotations

from enum import Enum

from content.schema.text import Text
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey
from kiosk.journeys.steps.messages import tell
from kiosk.link.client import Refusal, Unreachable
from kiosk.paper_camera import PaperCamera, PaperPicture
from kiosk.screens import Choice, Nav, Tone, Working
from kiosk.service_screens import Scan, ScanAnswer

MOST_PAGES = 20  # of one paper


class Pages(Enum):
    ENOUGH = "enough"


async def scan_pages(journey: Journey, name: Text, hint: Text, step: int) -> list[str] | None:
    """The ids of a paper's pages as the backend keeps them; None: gone back, and what was there before stays."""
    camera = journey.terminal.paper_camera
    if camera is None:
        return None
    kept: list[str] = []
    async with camera.looking():
        while len(kept) < MOST_PAGES:
            picture = await take_page(journey, camera, name, hint, len(kept), step)
            if isinstance(picture, Nav):
                return None
            if picture is Pages.ENOUGH:
                return kept
            scan_id = await _keep(journey, picture, step)
            if scan_id is not None:
                kept.append(scan_id)
    return kept


async def take_page(
    journey: Journey, camera: PaperCamera, name: Text, hint: Text, pages: int, step: int
) -> PaperPicture | Pages | Nav:
    """One page that the resident has looked at and wants. Inside `camera.looking()`."""
    journey.session.paper_on_glass = True
    while True:
        answer = await journey.stage.ask(
            Scan(
                question=texts.SCAN.format(name=name),
                speech=texts.SCAN_SPEECH.format(name=name),
                trail=journey.trail(step),
                hint=hint,
                preview=camera.preview,
                pages=pages,
            )
        )
        if isinstance(answer, Nav):
            return answer
        if answer is ScanAnswer.ENOUGH and pages:
            return Pages.ENOUGH
        picture = await camera.take()
        if picture is None:
            await tell(journey, Tone.PROBLEM, texts.NO_PICTURE, texts.NO_PICTURE_BODY, (Choice("ok", texts.OK),))
            continue
        looked = await journey.stage.ask(
            Scan(
                question=texts.SCAN_LOOK,
                speech=texts.SCAN_LOOK,
                trail=journey.trail(step),
                hint=texts.SCAN_LOOK_HINT,
                png=picture.png,
                pages=pages,
            )
        )
        if looked is ScanAnswer.KEEP:
            return picture


async def _keep(journey: Journey, picture: PaperPicture, step: int) -> str | None:
    """None: it could not be kept, and the resident has been told."""
    journey.stage.show(Working(question=texts.KEEPING_SCAN, speech=texts.KEEPING_SCAN, trail=journey.trail(step)))
    answer = await journey.terminal.link.keep_scan(picture.jpeg)
    if isinstance(answer, Refusal | Unreachable):
        again = (Choice("again", texts.SCAN_AGAIN),)
        await tell(journey, Tone.PROBLEM, texts.SCAN_NOT_KEPT, texts.SCAN_NOT_KEPT_BODY, again)
        return None
    return answer.scan_id
