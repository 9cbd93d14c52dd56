"""Somebody comes with a booking: its number from the slip's code, or typed."""

from __future__ import annotations

from content.schema.forms import FormField
from drivers.cabinet.port import Light
from drivers.code_scanner.port import CodeScanner, ScanContext
from kiosk import form_rules
from kiosk.journeys import counter_texts as texts
from kiosk.journeys.context import Journey
from kiosk.journeys.steps import Move
from kiosk.journeys.steps.form import ask_field
from kiosk.journeys.waiting import first_of
from kiosk.screens import Choice, Choose, Nav
from kiosk.service_screens import ScanCode

BOOKING = "booking_no"  # the form's field


async def ask_for_booking(journey: Journey, field: FormField, step: int) -> Move:
    """Whether there is one, and which. A number that was refused before stays to be compared and corrected."""
    form = journey.session.form
    while True:
        answer = await journey.stage.ask(
            Choose(
                question=texts.HAVE_BOOKING,
                speech=texts.HAVE_BOOKING,
                trail=journey.trail(step),
                choices=(
                    Choice("no", texts.NO_BOOKING, icon="ticket"),
                    Choice("yes", texts.WITH_BOOKING, texts.WITH_BOOKING_HINT, icon="calendar-clock"),
                ),
            )
        )
        if isinstance(answer, Nav):
            return Move.BACK
        if answer == "no":
            form.pop(field.name, None)
            return Move.ON
        if await _scanned(journey, field, step) or await ask_field(journey, field, step) is Move.ON:
            return Move.ON


async def _scanned(journey: Journey, field: FormField, step: int) -> bool:
    """False: not scanned, it is to be typed."""
    scanner = journey.terminal.devices.code_scanner
    if scanner is None or not scanner.status.ready:
        return False
    with journey.lights.guiding(Light.SCANNER):
        screen = ScanCode(
            question=texts.SCAN_BOOKING,
            speech=texts.SCAN_BOOKING,
            trail=journey.trail(step),
            hint=texts.SCAN_BOOKING_HINT,
            on_paper=True,
        )
        asking = journey.stage.ask(screen)
        found = await first_of(asking, _fitting(scanner, field))
    if found is None or isinstance(found, Nav):
        return False
    journey.session.form[field.name] = found
    return True


async def _fitting(scanner: CodeScanner, field: FormField) -> str:
    """A code that is no booking number (the licence on a phone) is not taken for one."""
    while True:
        number = form_rules.tidy(field, (await scanner.scan(ScanContext.CASE_NUMBER)).text)
        if number and form_rules.wrong(field, number) is None:
            return number
