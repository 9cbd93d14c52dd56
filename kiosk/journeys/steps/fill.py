"""The service's own questions, from its content."""

from __future__ import annotations

import re

from content.schema.base import holds
from content.schema.service import ChoiceField, NumberField
from content.schema.text import Text
from drivers.cabinet.port import Light
from drivers.code_scanner.port import CodeKind, CodeScanner, ScanContext, ScannedCode
from kiosk.journeys.context import Journey
from kiosk.journeys.steps import Move, StepCoroutine
from kiosk.journeys.waiting import first_of
from kiosk.screens import Choice, Choose, Keypad, Nav


async def ask_choice(journey: Journey, field: ChoiceField, step: int) -> Move:
    answer = await journey.stage.ask(
        Choose(
            question=field.question,
            speech=field.question,
            trail=journey.trail(step),
            choices=tuple(Choice(option.value, option.label, option.hint) for option in field.options),
        )
    )
    if isinstance(answer, Nav):
        return Move.BACK
    journey.session.form[field.name] = answer
    return Move.ON


async def ask_number(journey: Journey, field: NumberField, step: int, error: Text | None = None) -> Move:
    """On the keypad, or scanned where the field allows it; asked again until it has the right shape. What was typed
    before stays to be compared and corrected."""
    while True:
        answer = await _keypad_or_scan(journey, field, step, error)
        if isinstance(answer, Nav):
            return Move.BACK
        number = answer.text if isinstance(answer, ScannedCode) else answer
        if re.fullmatch(field.pattern, number):
            journey.session.form[field.name] = number
            return Move.ON
        error = field.error


async def _keypad_or_scan(
    journey: Journey, field: NumberField, step: int, error: Text | None
) -> str | ScannedCode | Nav:
    scanner = journey.terminal.devices.code_scanner
    can_scan = field.scannable and scanner is not None and scanner.status.ready
    keypad = Keypad(
        question=field.question,
        speech=field.question,
        trail=journey.trail(step),
        label=field.label,
        hint=field.hint,
        min_length=field.min_length or field.max_length,
        max_length=field.max_length,
        group=field.group,
        can_scan=can_scan,
        error=error,
        value=journey.session.form.get(field.name, ""),
    )
    if not can_scan or scanner is None:
        return await journey.stage.ask(keypad)
    with journey.lights.guiding(Light.SCANNER):
        return await first_of(journey.stage.ask(keypad), _scan_account(scanner))


async def _scan_account(scanner: CodeScanner) -> ScannedCode:
    """A code that is no account number (a payment code held up too early) is not taken for one."""
    while True:
        code = await scanner.scan(ScanContext.BILL_ACCOUNT)
        if code.kind in (CodeKind.BILL_ACCOUNT, CodeKind.OTHER):
            return code


def ask_choice_step(journey: Journey, field: ChoiceField, step: int) -> StepCoroutine:
    """`ask_choice` as a step of a walk; passed over where the field does not apply."""

    async def ask() -> Move:
        if not holds(field.when, journey.session.form):
            return Move.SKIP
        return await ask_choice(journey, field, step)

    return ask


def ask_number_step(journey: Journey, field: NumberField, step: int) -> StepCoroutine:
    """`ask_number` likewise."""

    async def ask() -> Move:
        if not holds(field.when, journey.session.form):
            return Move.SKIP
        return await ask_number(journey, field, step)

    return ask
