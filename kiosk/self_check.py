"""Before a new pack serves anybody: every screen of every service that has changed is made and drawn, and every
template compiled with sample data. What fails here is not taken; where there is no compiler, that is said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

import structlog

from content.load import Pack
from content.schema.forms import ChoiceField, ChoicesField, FormField, NumberField, StatementField, TextField
from content.schema.service import Door, Service
from drivers.manager import DeviceSet
from kiosk.home import door_screen, home_screen
from kiosk.journeys import texts
from kiosk.journeys.steps.explain import guide_entries
from kiosk.link.content_installer import Unlooked
from kiosk.screens import Choice, Choose, Consent, Entry, Guide, Message, Screen, Step, Tone, Trail
from kiosk.service_screens import FieldKind, Form, FormEntry, Item, Paper, Papers, PaperState, Tick
from kiosk.template_check import NotChecked, template_fault

log = structlog.get_logger()

TEMPLATES_NOT_CHECKED = "templates-not-checked"

# Draw it where nobody sees it. Raises whatever goes wrong.
Draw = Callable[[Screen[Any]], Awaitable[None]]
# The name of a template that does not compile. Raises NotChecked.
TryTemplates = Callable[[Pack, Iterable[str]], Awaitable[str | None]]

_KINDS = {
    "choice": FieldKind.CHOICE,
    "choices": FieldKind.CHOICES,
    "number": FieldKind.DIGITS,
    "text": FieldKind.TEXT,
    "phone": FieldKind.PHONE,
    "id-number": FieldKind.ID_NUMBER,
    "date": FieldKind.DATE,
    "amount": FieldKind.AMOUNT,
    "statement": FieldKind.STATEMENT,
}


async def self_check(
    old: Pack, new: Pack, draw: Draw | None, templates: TryTemplates = template_fault
) -> str | Unlooked | None:
    """A code of what does not do, None if all does, `Unlooked` if what could be looked at does. `draw` None: there is
    no interface; the screens are made only."""
    fresh = changed(old, new)
    for service_id in fresh:
        try:
            for screen in screens_of(new.services[service_id]):
                if draw is not None:
                    await draw(screen)
        except Exception as error:  # noqa: BLE001 - whatever it is, residents must not meet it
            log.error("self_check_failed", service=service_id, error=type(error).__name__)
            return f"screen-fails:{service_id}"
        await asyncio.sleep(0)
    try:
        for screen in overviews(new, doors(old, new)):
            if draw is not None:
                await draw(screen)
    except Exception as error:  # noqa: BLE001
        log.error("self_check_failed", service="", error=type(error).__name__)
        return "screen-fails:home"
    try:
        fault = await templates(new, fresh)
    except NotChecked:
        log.warning("templates_not_checked")
        return Unlooked(TEMPLATES_NOT_CHECKED)
    return f"template-fails:{fault}" if fault is not None else None


def changed(old: Pack, new: Pack) -> list[str]:
    """Ids of services that `old` does not have, or has otherwise."""
    had = {brief.id: brief.sha256 for brief in old.briefs}
    return [brief.id for brief in new.briefs if had.get(brief.id) != brief.sha256]


def doors(old: Pack, new: Pack) -> list[Door]:
    """Those behind which something has changed."""
    before, after = ({(brief.id, brief.sha256): brief.door for brief in pack.briefs} for pack in (old, new))
    moved = {(before.get(key) or after[key]) for key in before.keys() ^ after.keys()}
    return [door for door in Door if door in moved]


def overviews(pack: Pack, behind: Iterable[Door]) -> Iterator[Screen[Any]]:
    """The screens on which services are listed."""
    devices = DeviceSet()
    yield home_screen(pack, devices, backend_reachable=False)
    for door in behind:
        yield door_screen(pack, door, devices, backend_reachable=True)


def screens_of(service: Service) -> Iterator[Screen[Any]]:
    """What a resident may be shown of a service before anything is known of them."""
    trail = Trail(service.title, Step(1, 1))
    yield Guide(question=texts.GUIDE, speech=service.title, trail=trail, entries=guide_entries(service.guide))
    if service.consent is not None:
        entries = (service.consent.what, service.consent.why, service.consent.kept)
        shown = tuple(Entry(service.title, value) for value in entries)
        yield Consent(question=texts.CONSENT, speech=service.consent.what, trail=trail, entries=shown)
    for situation in service.situations:
        choices = tuple(Choice(option.value, option.label, option.hint) for option in situation.options)
        yield Choose(question=situation.question, speech=situation.question, trail=trail, choices=choices)
        for stop in (option.stop for option in situation.options if option.stop is not None):
            buttons = (Choice("home", texts.OK),)
            yield Message(question=service.title, speech=stop, tone=Tone.INFO, body=stop, buttons=buttons)
    parts = service.package.parts if service.package is not None else []
    if parts:
        items = tuple(
            Item(part.id, part.title, part.result, fixed=part.required, reason=part.reason, needs=tuple(part.needs))
            for part in parts
        )
        yield Tick(question=service.title, speech=service.title, trail=trail, items=items, confirm=texts.OK)
    materials = [*service.materials, *(material for part in parts for material in part.materials)]
    if materials:
        papers = tuple(Paper(material.id, material.name, PaperState.BRING, material.hint) for material in materials)
        yield Papers(question=service.title, speech=service.title, trail=trail, papers=papers)
    fields = [*service.form, *(field for part in parts for field in part.form)]
    titles = {page.id: page.title for page in service.pages}
    for page in dict.fromkeys(field.page for field in fields):
        title = titles.get(page, service.title)
        entries_of = tuple(_entry(field) for field in fields if field.page == page)
        yield Form(question=title, speech=title, trail=trail, fields=entries_of)


def _entry(field: FormField) -> FormEntry:
    options = field.options if isinstance(field, ChoiceField | ChoicesField) else []
    return FormEntry(
        name=field.name,
        kind=_KINDS[field.kind],
        label=field.label,
        required=field.required,
        hint=field.hint or field.error,
        keyboard=field.keyboard if isinstance(field, TextField) else "hanzi",
        max_length=field.max_length if isinstance(field, TextField | NumberField) else 60,
        choices=tuple(Choice(option.value, option.label, option.hint) for option in options),
        statement=field.statement if isinstance(field, StatementField) else None,
    )


__all__ = ["TEMPLATES_NOT_CHECKED", "Draw", "changed", "doors", "overviews", "screens_of", "self_check"]
