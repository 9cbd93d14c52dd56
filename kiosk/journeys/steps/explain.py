"""Before anything is read: the guide with its ten open elements, and consent."""

from __future__ import annotations

from content.schema.service import Guide as GuideContent
from content.schema.text import Text
from kiosk.journal.slips import print_note
from kiosk.journeys import texts
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.receipts import guide_slip
from kiosk.journeys.steps import Move
from kiosk.journeys.steps.messages import tell
from kiosk.screens import Choice, Consent, Entry, Guide, GuideAnswer, Nav, Tone

# Shown first; "全部十项" unfolds the rest.
_KEY = ("conditions", "materials", "procedure", "time_limit", "fees", "result", "contact")


def guide_entries(guide: GuideContent) -> tuple[Entry, ...]:
    """The ten elements, the resident's questions first."""
    return tuple(Entry(label, getattr(guide, name)) for name, label in texts.GUIDE_LABELS.items())


async def show_guide(journey: Journey) -> Move:
    """办事指南, until the resident starts or goes back."""
    service = journey.service
    screen = Guide(
        question=texts.GUIDE,
        speech=Text(
            f"{service.title.zh}。{service.guide.materials.zh}。{service.guide.fees.zh}。",
            f"{service.title.en}. {service.guide.materials.en}. {service.guide.fees.en}.",
        ),
        trail=journey.trail(1),
        entries=guide_entries(service.guide),
        key_labels=tuple(texts.GUIDE_LABELS[name].zh for name in _KEY),
        can_print=_can_print(journey),
    )
    while True:
        answer = await journey.stage.ask(screen)
        if isinstance(answer, Nav):
            return Move.BACK
        if answer is GuideAnswer.START:
            return Move.ON
        await _print_guide(journey)


def _can_print(journey: Journey) -> bool:
    printer = journey.terminal.devices.receipt_printer
    return printer is not None and printer.status.ready


async def _print_guide(journey: Journey) -> None:
    terminal = journey.terminal
    back = (Choice("ok", texts.OK),)
    if await print_note(terminal.journal, terminal.devices.receipt_printer, guide_slip(journey)):
        await tell(journey, Tone.GOOD, texts.GUIDE_PRINTED, journey.service.title, back)
    else:
        await tell(journey, Tone.PROBLEM, texts.NO_RECEIPT_PRINTER, texts.UNAVAILABLE_ADVICE, back)


async def ask_consent(journey: Journey) -> Move:
    """What, why, how long (PIPL 14, 17). Declining ends the journey before anything was read."""
    consent = journey.service.consent
    if consent is None:
        return Move.SKIP
    answer = await journey.stage.ask(
        Consent(
            question=texts.CONSENT,
            speech=Text(f"{texts.CONSENT.zh}{consent.what.zh}。", f"{texts.CONSENT.en} {consent.what.en}."),
            trail=journey.trail(1),
            entries=(
                Entry(texts.CONSENT_WHAT, consent.what),
                Entry(texts.CONSENT_WHY, consent.why),
                Entry(texts.CONSENT_KEPT, consent.kept),
            ),
        )
    )
    if isinstance(answer, Nav):
        return Move.BACK
    if not answer:
        raise JourneyOver("consent declined")
    return Move.ON
