"""一件事: which of a package's items the resident wants. All of them, or a part; what the law wants together stays."""

from __future__ import annotations

from content.forms_merge import together
from content.schema.base import holds
from content.schema.outputs import Lead
from content.schema.service import Part
from content.schema.text import Text
from kiosk.journeys import matter
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey
from kiosk.journeys.steps import Move
from kiosk.journeys.steps.draft import PARTS
from kiosk.journeys.steps.messages import tell
from kiosk.screens import Choice, Nav, Tone
from kiosk.service_screens import Item, Tick


async def choose_parts(journey: Journey, step: int) -> Move:
    offered = matter.parts(journey)
    session = journey.session
    if PARTS in session.resumed:
        session.resumed.discard(PARTS)
        return Move.SKIP
    if not offered:
        # Content whose conditions leave nothing over; the lint wants at least one part in every situation.
        await tell(journey, Tone.INFO, texts.NOT_HERE, texts.NO_PARTS, (Choice("ok", texts.CHOOSE_AGAIN),))
        return Move.BACK
    if len(offered) == 1:
        session.parts = [offered[0].id]
        return Move.SKIP
    answer = await journey.stage.ask(
        Tick(
            question=texts.PARTS,
            speech=texts.PARTS_SPEECH,
            trail=journey.trail(step),
            items=tuple(_item(journey, part) for part in offered),
            confirm=texts.GO_ON,
            note=led_by(journey),
        )
    )
    if isinstance(answer, Nav):
        return Move.BACK
    session.parts = [part.id for part in together(offered, answer)]
    return Move.ON


def _item(journey: Journey, part: Part) -> Item:
    wanted = journey.session.parts
    return Item(
        value=part.id,
        label=part.title,
        hint=part.result if part.result != part.title else None,
        chosen=part.required or wanted is None or part.id in wanted,
        fixed=part.required,
        reason=part.reason or (texts.BY_LAW if part.required else None),
        needs=tuple(part.needs),
    )


def led_by(journey: Journey) -> Text | None:
    """Who leads in this situation, and who takes part."""
    bundle = journey.service.package
    if bundle is None:
        return None
    leads, partners = _names(journey, bundle.leads), _names(journey, bundle.partners)
    if leads is None:
        return None
    return texts.LED_BY.format(leads=leads, partners=partners) if partners else texts.LED_ALONE.format(leads=leads)


def _names(journey: Journey, found: list[Lead]) -> Text | None:
    answers = matter.situation(journey)
    names = [journey.terminal.department(each.department) for each in found if holds(each.when, answers)]
    if not names:
        return None
    return Text("、".join(name.zh for name in names), ", ".join(name.en for name in names))
