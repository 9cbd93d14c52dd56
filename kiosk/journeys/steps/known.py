"""What a form need not ask: values from the card, the business licence, and the departments."""

from __future__ import annotations

from datetime import date

from backend.contract.service_api import PrefillRequest
from content.codes.resident_number import check_resident_number
from content.schema.forms import ChoiceField, FormField
from content.schema.text import Text
from drivers.id_reader.nations import nation_name
from drivers.id_reader.port import IdCard
from kiosk import form_rules
from kiosk.journeys import matter
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey
from kiosk.link.client import Refusal, Unreachable
from kiosk.screens import Working
from kiosk.session import Known

_SEX = {"1": ("1", "male", "m", "男"), "2": ("2", "female", "f", "女")}
_LOCAL = ("card.", "licence.")  # what the terminal itself holds


async def look_up(journey: Journey, step: int) -> None:
    """Before each page, because an answer may have brought fields; the departments are asked once. One that does not
    answer costs nobody the form: its fields are typed.

    An agent's own data are never filled in for the principal: only what the agent has said of them."""
    session = journey.session
    fields = [field for field in matter.fields(journey) if field.prefill is not None]
    elsewhere = [field for field in fields if field.prefill and not field.prefill.value.startswith(_LOCAL)]
    if session.fetched is None and elsewhere and session.proof is not None and not session.for_another:
        journey.stage.show(Working(question=texts.LOOKING_UP, speech=texts.LOOKING_UP, trail=journey.trail(step)))
        request = PrefillRequest(service_id=journey.service.id, proof_id=session.proof.proof_id)
        answer = await journey.terminal.link.prefill(request)
        session.fetched = [] if isinstance(answer, Refusal | Unreachable) else answer.values
    fetched = {found.field: found for found in session.fetched or []}
    for field in fields:
        if field.name in session.known or field.prefill is None:
            continue
        found = fetched.get(field.name)
        if _fits(field, value := _local(journey, field)):
            session.known[field.name] = Known(value, field.prefill.source, field.prefill.locked)
        elif found is not None and _fits(field, found.value):
            source = Text(found.source_zh, found.source_en)
            session.known[field.name] = Known(found.value, source, found.locked)


def _fits(field: FormField, value: str) -> bool:
    """A value that the form would refuse is not put into it: nobody could correct a locked one."""
    return bool(value) and form_rules.wrong(field, value) is None


def _local(journey: Journey, field: FormField) -> str:
    if field.prefill is None:
        return ""
    source, _, name = field.prefill.value.partition(".")
    session = journey.session
    if source == "licence" and session.licence_claims is not None:
        value = getattr(session.licence_claims, name, None)
        return value.isoformat() if isinstance(value, date) else str(value or "")
    if source != "card":
        return ""
    if session.for_another:
        return _of_principal(journey, name, field)
    return _of_card(session.card, name, field) if session.card is not None else ""


def _of_principal(journey: Journey, name: str, field: FormField) -> str:
    principal = journey.session.principal
    if principal is None:
        return ""
    checked = check_resident_number(principal.principal_number)
    if name == "name":
        return principal.principal_name
    if name == "number":
        return principal.principal_number
    if name == "birth" and checked.birth is not None:
        return checked.birth.isoformat()
    if name == "sex" and checked.sex is not None:
        return _sex(checked.sex, field)
    return ""


def _of_card(card: IdCard, name: str, field: FormField) -> str:
    if name == "sex":
        return _sex(card.sex, field)
    if name == "nation":
        return nation_name(card.nation)
    if name == "valid_until":
        return card.valid_to.isoformat() if card.valid_to is not None else ""
    if name == "address":
        return card.new_address or card.address
    value = getattr(card, name, "")
    return value.isoformat() if isinstance(value, date) else str(value)


def _sex(code: str, field: FormField) -> str:
    words = _SEX.get(code, ())
    if isinstance(field, ChoiceField):
        return next((option.value for option in field.options if option.value in words), "")
    return words[-1] if words else ""
