"""An application against its service: everything that must be right before it gets a number.

The terminal has asked all this; nothing is believed because it has. What does not fit is Refused(FORM_INVALID) with the
place as its detail, never a value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from backend.contract.business_licence import LicenceClaims
from backend.contract.kiosk_api import ProblemCode
from backend.contract.service_api import Agent, CaseMaterial, CaseRequest, ServiceProblem
from backend.identity.service import Person
from backend.problems import Refused
from backend.records.forms import wrong_field
from backend.records.who import CARD
from content.codes.resident_number import check_resident_number
from content.forms_merge import applicable, merged_form, merged_materials, together
from content.schema.base import Condition, holds
from content.schema.elements import Material, Situation
from content.schema.forms import FormField, StatementField, asked
from content.schema.service import AuthLevel, Kind, Part, Service

JOURNEYS = (Kind.APPLICATION, Kind.PACKAGE)


@dataclass(frozen=True)
class HandedIn:
    """One material and how it comes."""

    material: Material
    how: str  # scanned | fetched | replaced | bring | later
    scans: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checked:
    """An application in which everything fits. `form` has no empty values."""

    fields: tuple[FormField, ...]
    form: dict[str, str] = field(repr=False)
    parts: tuple[Part, ...]
    materials: tuple[HandedIn, ...]

    @property
    def statements(self) -> list[StatementField]:
        return [one for one in self.fields if isinstance(one, StatementField)]


def check(
    service: Service, request: CaseRequest, person: Person | None, licence: LicenceClaims | None, today: date
) -> Checked:
    """Refused: situation-stops, form-invalid, service-changed, proof-expired. `today`: in China."""
    try:
        return _check(service, request, person, licence, today)
    except Refused as refused:
        if refused.code is ServiceProblem.FORM_INVALID and request.service_version != service.version:
            raise Refused(ServiceProblem.SERVICE_CHANGED, refused.detail) from None
        raise


def _check(
    service: Service, request: CaseRequest, person: Person | None, licence: LicenceClaims | None, today: date
) -> Checked:
    _check_situation(service.situations, request.situation)
    parts = chosen_parts(service, request.situation, request.parts)
    fields = form_fields(service, parts, {**request.situation, **request.form})
    wrong = wrong_field(fields, request.form, request.situation, today)
    if wrong is not None:
        raise _invalid(wrong)
    form = {name: value for name, value in request.form.items() if value}
    _check_agent(service, request.agent, person)
    _check_locked(fields, form, _own_values(person, request.agent, licence))
    if service.auth is AuthLevel.A3 and not request.signature_png:
        raise _invalid("signature")
    _check_delivery(service, request.delivery)
    wanted = merged_materials(service, parts, {**request.situation, **form})
    return Checked(tuple(fields), form, tuple(parts), tuple(_handed_in(service, wanted, request.materials)))


def form_fields(service: Service, parts: Iterable[Part], answers: Mapping[str, str]) -> list[FormField]:
    """The fields that apply: an application's own, or a package's merged with its parts'."""
    if service.journey is Kind.PACKAGE:
        return merged_form(service, parts, answers)
    return asked(service.form, answers)


def chosen_parts(service: Service, situation: Mapping[str, str], chosen: Iterable[str]) -> list[Part]:
    """The parts of a package, complete: what law or another part requires must be among them. Refused: form-invalid."""
    names = list(chosen)
    if service.package is None:
        if names:
            raise _invalid("part:")
        return []
    there = {part.id: part for part in applicable(service.package, situation)}
    if unknown := set(names) - there.keys():
        known = sorted(unknown & {part.id for part in service.package.parts})
        raise _invalid(f"part:{known[0] if known else ''}")
    needed = together(there.values(), names)
    if missing := [part.id for part in needed if part.id not in names]:
        raise _invalid(f"part:{missing[0]}")
    if not needed:
        raise _invalid("part:")
    return needed


def situation_fault(situations: Iterable[Situation], answers: Mapping[str, str]) -> str | None:
    """The first question that is not answered as it can be; "" for an answer to no question; None: all is well."""
    shown = [one for one in situations if holds(one.when, dict(answers))]
    if set(answers) - {one.name for one in shown}:
        return ""
    for one in shown:
        if answers.get(one.name) not in {option.value for option in one.options}:
            return one.name
    return None


def _check_situation(situations: list[Situation], answers: Mapping[str, str]) -> None:
    fault = situation_fault(situations, answers)
    if fault is not None:
        raise _invalid(f"situation:{fault}")
    for one in situations:
        for option in one.options:
            if option.stop is not None and answers.get(one.name) == option.value:
                raise Refused(ServiceProblem.SITUATION_STOPS, one.name)


def _check_agent(service: Service, agent: Agent | None, person: Person | None) -> None:
    if agent is None:
        return
    allowed = {option.value for option in service.delegation.relations} if service.delegation else set()
    if agent.relation not in allowed or check_resident_number(agent.principal_number).fault is not None:
        raise _invalid("agent")
    if person is None or person.method == CARD:  # an agent always proves who they are
        raise Refused(ProblemCode.PROOF_EXPIRED)
    if person.number == agent.principal_number:
        raise _invalid("agent")


def _own_values(person: Person | None, agent: Agent | None, licence: LicenceClaims | None) -> dict[str, set[str]]:
    """What a field may hold that was filled in from the card or the licence, by its source."""
    own: dict[str, set[str]] = {}
    if person is not None:
        own |= {"card.name": {person.name}, "card.number": {person.number}}
    if person is not None and agent is not None:
        own["card.name"].add(agent.principal_name)
        own["card.number"].add(agent.principal_number)
    if licence is not None:
        own |= {
            "licence.uscc": {licence.uscc},
            "licence.name": {licence.name},
            "licence.legal_rep": {licence.legal_rep},
        }
    return own


def _check_locked(fields: Iterable[FormField], form: Mapping[str, str], own: Mapping[str, set[str]]) -> None:
    """What may not be changed is the person's, the principal's or the organisation's, and nobody else's: without one
    there is nothing it could be."""
    for one in fields:
        if one.prefill is None or not one.prefill.locked or one.name not in form:
            continue
        source = one.prefill.value
        if source.partition(".")[0] in ("card", "licence") and form[one.name] not in own.get(source, ()):
            raise _invalid(one.name)


def _check_delivery(service: Service, delivery: str) -> None:
    offered = {way for result in service.results for way in result.delivery}
    if offered and delivery not in offered:
        raise _invalid("delivery")


def _handed_in(service: Service, wanted: Iterable[Material], given: Iterable[CaseMaterial]) -> list[HandedIn]:
    entries = {one.id: one for one in given}
    wanted = list(wanted)
    if unknown := entries.keys() - {material.id for material in wanted}:
        known = sorted(unknown & {material.id for material in _all_materials(service)})
        raise _invalid(f"material:{known[0] if known else ''}")
    found = [_one(material, entries.get(material.id)) for material in wanted]
    return [one for one in found if one is not None]


def _one(material: Material, entry: CaseMaterial | None) -> HandedIn | None:
    """None: it is not needed. What the government issued is never asked for, whatever the terminal says."""
    wrong = _invalid(f"material:{material.id}")
    if material.source == "government":
        if entry is not None and entry.how not in ("fetched", "replaced"):
            raise wrong
        return HandedIn(material, "fetched" if material.fetched_by else "replaced")
    if entry is None:
        if material.necessity == "required" and material.collect != "none":
            raise wrong
        # What the terminal does not take (the card that was on the reader) is not missing.
        return None
    allowed = {
        "scanned": material.collect == "scan" and bool(entry.scans),
        "bring": material.collect == "bring",
        "later": material.necessity == "deferrable",
        "replaced": material.replaced_by is not None,
        "fetched": material.fetched_by is not None,
    }
    if not allowed[entry.how] or (entry.scans and entry.how != "scanned") or len(set(entry.scans)) != len(entry.scans):
        raise wrong
    return HandedIn(material, entry.how, tuple(entry.scans))


def _all_materials(service: Service) -> list[Material]:
    parts = service.package.parts if service.package else []
    return [*service.materials, *(material for part in parts for material in part.materials)]


def leads(service: Service, situation: Mapping[str, str], parts: Iterable[Part]) -> list[tuple[str, str]]:
    """Department and operation of everybody who leads here, the first one first. Refused: service-unknown, where
    nobody could be handed the case.

    A department that leads takes a package through its own part's operation, the first one through the package's."""
    if service.package is None:
        if service.operation is None:
            raise Refused(ProblemCode.SERVICE_UNKNOWN, "no operation to hand over by")
        return [(service.agency.department or "", service.operation)]
    own = {part.department: part.operation for part in reversed(list(parts))}
    found: list[tuple[str, str]] = []
    for lead in service.package.leads:
        if not _applies(lead.when, situation):
            continue
        operation = own.get(lead.department) or (service.operation if not found else None)
        if operation is not None and operation not in {known for _, known in found}:
            found.append((lead.department, operation))
    if not found:
        raise Refused(ProblemCode.SERVICE_UNKNOWN, "no lead in this situation")
    return found


def partners(service: Service, situation: Mapping[str, str]) -> list[str]:
    """Departments that take part without leading."""
    if service.package is None:
        return []
    return [lead.department for lead in service.package.partners if _applies(lead.when, situation)]


def text_version(statement: StatementField) -> str:
    """SHA-256 of the text that was read: which version of a promise somebody agreed to."""
    return hashlib.sha256(statement.statement.zh.encode()).hexdigest()


def _applies(when: Condition, situation: Mapping[str, str]) -> bool:
    return holds(when, dict(situation))


def _invalid(place: str) -> Refused:
    return Refused(ServiceProblem.FORM_INVALID, place)
