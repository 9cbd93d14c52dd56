"""代办: the card on the reader is the agent's; whose matter it is, the agent says here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from backend.contract.service_api import Agent
from content.schema.forms import IdNumberField, TextField
from content.schema.service import Delegation
from content.schema.text import Text
from kiosk import form_rules
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey
from kiosk.journeys.steps import Move, StepCoroutine
from kiosk.screens import Choice, Choose, Nav
from kiosk.service_screens import FieldKind, Filled, Form, FormEntry

_NAME = TextField(kind="text", name="principal_name", label=texts.PRINCIPAL_NAME, min_length=2, max_length=60)
_NUMBER = IdNumberField(kind="id-number", name="principal_number", label=texts.PRINCIPAL_NUMBER)


def delegation(journey: Journey, step: int) -> list[StepCoroutine]:
    rules = journey.service.delegation
    if rules is None:
        return []
    return [
        partial(_for_whom, journey, step),
        partial(_relation, journey, rules, step),
        partial(_principal, journey, rules, step),
    ]


async def _for_whom(journey: Journey, step: int) -> Move:
    answer = await journey.stage.ask(
        Choose(
            question=texts.FOR_WHOM,
            speech=texts.FOR_WHOM,
            trail=journey.trail(step),
            choices=(Choice("self", texts.FOR_MYSELF), Choice("another", texts.FOR_ANOTHER, texts.FOR_ANOTHER_HINT)),
        )
    )
    if isinstance(answer, Nav):
        return Move.BACK
    session = journey.session
    if session.for_another != (answer == "another"):
        session.for_another = answer == "another"
        session.principal, session.relation = None, ""
        session.forget_matter()
    return Move.ON


async def _relation(journey: Journey, rules: Delegation, step: int) -> Move:
    if not journey.session.for_another:
        return Move.SKIP
    if len(rules.relations) == 1:
        journey.session.relation = rules.relations[0].value
        return Move.SKIP
    answer = await journey.stage.ask(
        Choose(
            question=texts.RELATION,
            speech=texts.RELATION,
            trail=journey.trail(step),
            choices=tuple(Choice(option.value, option.label, option.hint) for option in rules.relations),
            note=rules.proof,
        )
    )
    if isinstance(answer, Nav):
        return Move.BACK
    journey.session.relation = answer
    return Move.ON


async def _principal(journey: Journey, rules: Delegation, step: int) -> Move:
    session = journey.session
    if not session.for_another:
        return Move.SKIP
    known = session.principal
    values: Mapping[str, str] = {
        _NAME.name: known.principal_name if known is not None else "",
        _NUMBER.name: known.principal_number if known is not None else "",
    }
    error: Text | None = None
    while True:
        answer = await journey.stage.ask(
            Form(
                question=texts.PRINCIPAL,
                speech=texts.PRINCIPAL,
                trail=journey.trail(step),
                fields=(
                    FormEntry(_NAME.name, FieldKind.TEXT, _NAME.label, values[_NAME.name]),
                    FormEntry(_NUMBER.name, FieldKind.ID_NUMBER, _NUMBER.label, values[_NUMBER.name], max_length=18),
                ),
                check=lambda name, typed: _check(journey, name, typed.get(name, "")),
                note=error or rules.proof,
            )
        )
        if isinstance(answer, Nav):
            return Move.BACK
        if not isinstance(answer, Filled):
            continue
        values = {field.name: form_rules.tidy(field, answer.values.get(field.name, "")) for field in (_NAME, _NUMBER)}
        faults = (
            _check(journey, field.name, values[field.name]) or form_rules.missing(field, values[field.name])
            for field in (_NAME, _NUMBER)
        )
        error = next((fault for fault in faults if fault is not None), None)
        if error is None:
            principal = Agent(
                relation=session.relation, principal_name=values[_NAME.name], principal_number=values[_NUMBER.name]
            )
            if known is not None and _person(principal) != _person(known):
                session.forget_matter()
            session.principal = principal
            return Move.ON


def _person(agent: Agent) -> tuple[str, str]:
    return agent.principal_name, agent.principal_number


def _check(journey: Journey, name: str, value: str) -> Text | None:
    field = _NAME if name == _NAME.name else _NUMBER
    card = journey.session.card
    if field is _NUMBER and card is not None and form_rules.tidy(_NUMBER, value) == card.number:
        return texts.PRINCIPAL_IS_YOU
    return form_rules.wrong(field, value)
