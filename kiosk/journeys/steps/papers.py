"""The exact list of materials, after the guided questions: what nobody has to bring, what is scanned now, what may be
handed in later. Government-issued ones are never asked for."""

from __future__ import annotations

from backend.contract.service_api import CaseMaterial
from content.schema.elements import Material
from content.schema.text import Text
from kiosk.journal.slips import print_note
from kiosk.journeys import matter
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey
from kiosk.journeys.service_slips import notice_slip
from kiosk.journeys.steps import Move
from kiosk.journeys.steps.messages import tell
from kiosk.journeys.steps.scan import scan_pages
from kiosk.screens import Choice, Nav, Tone
from kiosk.service_screens import Paper, Papers, PapersAnswer, PaperState


async def show_papers(journey: Journey, step: int) -> Move:
    """Until nothing that is required is missing and the resident goes on."""
    if not matter.materials(journey):
        return Move.SKIP
    return await _show(journey, step, texts.PAPERS_SO_FAR if matter.may_want_more(journey) else texts.PAPERS_SPEECH)


async def show_late_papers(journey: Journey, step: int) -> Move:
    """Once more after the form, where its answers brought a paper that is not there yet."""
    return await _show(journey, step, texts.PAPERS_SPEECH) if missing(journey) else Move.SKIP


async def _show(journey: Journey, step: int, speech: Text) -> Move:
    while True:
        papers = papers_of(journey)
        answer = await journey.stage.ask(
            Papers(
                question=texts.PAPERS,
                speech=speech,
                trail=journey.trail(step),
                papers=papers,
                can_go_on=not missing(journey),
                can_print=_can_print(journey),
                note=_note(papers),
            )
        )
        if isinstance(answer, Nav):
            return Move.BACK
        if answer is PapersAnswer.PRINT:
            await _print(journey, papers)
        elif answer is PapersAnswer.GO_ON:
            if not missing(journey):
                return Move.ON
        else:
            await _scan(journey, answer, step)


def missing(journey: Journey) -> list[Material]:
    """Required, to be scanned, and not scanned."""
    return [
        material
        for material in matter.materials(journey)
        if scanned(material) and material.necessity == "required" and not journey.session.scans.get(material.id)
    ]


def papers_of(journey: Journey) -> tuple[Paper, ...]:
    """Without a camera, what may be left out and could only be scanned is not shown."""
    return tuple(
        _paper(journey, material)
        for material in matter.materials(journey)
        if not (scanned(material) and material.necessity == "optional" and journey.terminal.paper_camera is None)
    )


def scanned(material: Material) -> bool:
    """Whether it is taken by the camera. Required ones keep a terminal without one from starting, see `kiosk.home`."""
    return material.source != "government" and material.collect == "scan"


def handed_in(journey: Journey) -> list[CaseMaterial]:
    """Each material and how it comes. An optional one that was not scanned is left out."""
    return [
        CaseMaterial(id=material.id, how=how, scans=journey.session.scans.get(material.id, []))
        for material in matter.materials(journey)
        if (how := _how(journey, material)) is not None
    ]


def _how(journey: Journey, material: Material) -> str | None:
    if material.source == "government":
        return "replaced" if material.replaced_by is not None and material.fetched_by is None else "fetched"
    if scanned(material) and journey.session.scans.get(material.id):
        return "scanned"
    if material.necessity == "deferrable":
        return "later"
    # Optional scans that were not made; what the terminal has read by itself (the card); what nobody has to bring.
    return "bring" if material.collect == "bring" and material.necessity == "required" else None


def _paper(journey: Journey, material: Material) -> Paper:
    pages = len(journey.session.scans.get(material.id, []))
    if material.source == "government":
        by = material.replaced_by
        why = texts.REPLACED.format(by=by) if by is not None else texts.FETCHED
        return Paper(material.id, material.name, PaperState.NOT_NEEDED, why)
    if material.collect == "none":
        return Paper(material.id, material.name, PaperState.NOT_NEEDED, texts.READ_HERE)
    if pages and scanned(material):
        return Paper(material.id, material.name, PaperState.SCANNED, material.hint, pages)
    if material.necessity == "deferrable":
        # What can be scanned is offered for it, with a word that it need not be now.
        now = scanned(material) and journey.terminal.paper_camera is not None
        state, when = (PaperState.TO_SCAN, texts.LATER_OR_NOW) if now else (PaperState.LATER, texts.LATER)
        return Paper(material.id, material.name, state, _both(material.hint, when))
    state = PaperState.TO_SCAN if scanned(material) else PaperState.BRING
    note = _both(material.hint, texts.OPTIONAL) if material.necessity == "optional" else material.hint
    if material.copies > 1:
        note = _both(note, texts.COPIES.format(n=material.copies))
    return Paper(material.id, material.name, state, note)


def _both(one: Text | None, other: Text) -> Text:
    return other if one is None else Text(f"{one.zh}；{other.zh}", f"{one.en}; {other.en}")


def _note(papers: tuple[Paper, ...]) -> Text | None:
    free = sum(paper.state is PaperState.NOT_NEEDED for paper in papers)
    return texts.NOT_ASKED.format(n=free) if free else None


async def _scan(journey: Journey, paper_id: str, step: int) -> None:
    material = next((each for each in matter.materials(journey) if each.id == paper_id), None)
    if material is None or not scanned(material):
        return
    pages = await scan_pages(journey, material.name, material.hint or texts.SCAN_HINT, step)
    if pages:
        journey.session.scans[material.id] = pages


def _can_print(journey: Journey) -> bool:
    printer = journey.terminal.devices.receipt_printer
    return printer is not None and printer.status.ready


async def _print(journey: Journey, papers: tuple[Paper, ...]) -> None:
    """一次性告知单: everything at once, so that nobody comes a third time."""
    terminal = journey.terminal
    back = (Choice("ok", texts.OK),)
    if await print_note(terminal.journal, terminal.devices.receipt_printer, notice_slip(journey, papers)):
        await tell(journey, Tone.GOOD, texts.NOTICE_PRINTED, journey.service.title, back)
    else:
        await tell(journey, Tone.PROBLEM, texts.NO_SLIP_NOW, texts.NO_SLIP_NOW_BODY, back)
