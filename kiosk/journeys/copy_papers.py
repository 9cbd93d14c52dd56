"""A copy: layout and number → under the camera → printed. The pictures live in memory only, and in nobody's journal:
a copy is not paper that counts."""

from __future__ import annotations

import asyncio
from functools import partial

from content.schema.forms import ChoiceField
from content.schema.text import Text
from drivers.cabinet.port import Light
from drivers.document_printer.port import FINAL_STATES, DocumentPrinter, JobState, SubmitFault
from kiosk.copy_sheet import sheets
from kiosk.journeys import counter_texts as texts
from kiosk.journeys import service_texts
from kiosk.journeys import texts as common
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.steps import StepCoroutine
from kiosk.journeys.steps.counter import new_intent, walk_or_leave
from kiosk.journeys.steps.explain import ask_consent, show_guide
from kiosk.journeys.steps.fill import ask_choice_step
from kiosk.journeys.steps.finish import goodbye, rate
from kiosk.journeys.steps.messages import end_with
from kiosk.journeys.steps.print_document import submit
from kiosk.journeys.steps.scan import Pages, take_page
from kiosk.screens import Nav, Working

MOST_PAGES = 10
_PRINT_S = 120.0  # then nobody waits for the printer any more


async def copy_papers(journey: Journey) -> None:
    journey.steps = 3
    terminal = journey.terminal
    if terminal.paper_camera is None:
        raise await end_with(journey, service_texts.NO_SERVICE_NOW, service_texts.NO_CAMERA)
    fields = [field for field in journey.service.form if isinstance(field, ChoiceField)]
    steps: list[StepCoroutine] = [
        partial(show_guide, journey),
        partial(ask_consent, journey),
        *(ask_choice_step(journey, field, 1) for field in fields),
    ]
    if not await walk_or_leave(steps):
        raise JourneyOver("left at the guide")
    form = journey.session.form
    pictures = await _pictures(journey, form.get("layout", "page"))
    if not pictures:
        raise JourneyOver("nothing to copy")
    journey.stage.show(Working(question=texts.COPYING, speech=texts.COPYING, trail=journey.trail(3)))
    pdf = await asyncio.to_thread(sheets, pictures, form.get("layout", "page"), int(form.get("copies", "1")))
    pictures.clear()
    printer = terminal.devices.document_printer
    if printer is None or not await _printed(printer, pdf):
        raise await end_with(journey, texts.NOT_COPIED, texts.NOT_COPIED_BODY)
    journey.lights.on(Light.DOCUMENT_TRAY)
    await rate(journey, 3)
    await goodbye(journey, (common.TAKE_ORIGINAL, texts.TAKE_COPIES))


async def _pictures(journey: Journey, layout: str) -> list[bytes]:
    camera = journey.terminal.paper_camera
    assert camera is not None  # noqa: S101 - `copy_papers` has looked
    kept: list[bytes] = []
    names: list[Text] = [texts.COPY_FRONT, texts.COPY_BACK] if layout == "card" else [texts.COPY_PAGE] * MOST_PAGES
    async with camera.looking():
        while len(kept) < len(names):
            name = names[len(kept)]
            picture = await take_page(journey, camera, name, texts.COPY_HINT, len(kept), 2)
            if isinstance(picture, Nav):
                if not kept:
                    return []
                kept.pop()  # only the page before: the others stay
            elif picture is Pages.ENOUGH:
                break
            else:
                kept.append(picture.jpeg)
    return kept


async def _printed(printer: DocumentPrinter, pdf: bytes) -> bool:
    """A job that stands still is cancelled: the next resident must not find somebody else's papers."""
    job = await submit(printer, pdf, new_intent("cpy"))
    if isinstance(job, SubmitFault):
        return False
    state = JobState.PENDING
    try:
        async with asyncio.timeout(_PRINT_S):
            async for progress in printer.follow(job):
                state = progress.state
                if state in FINAL_STATES or state in (JobState.STOPPED, JobState.UNKNOWN):
                    break
    except TimeoutError:
        pass
    finally:
        if state is not JobState.COMPLETED:
            await printer.cancel(job)
    return state is JobState.COMPLETED
