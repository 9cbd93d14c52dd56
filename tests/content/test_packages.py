"""The packages of the catalogue: who leads and takes part as the published list says, and every way through one ends in
a form that the backend takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache

import pytest
import yaml

from backend.cases.checks import chosen_parts, form_fields, leads
from backend.records.forms import wrong_field
from content.build import CATALOGUE
from content.forms_merge import applicable, merged_materials, part_answers, together
from content.schema.base import holds
from content.schema.elements import Material
from content.schema.forms import (
    AmountField,
    ChoiceField,
    ChoicesField,
    DateField,
    FormField,
    IdNumberField,
    NumberField,
    PhoneField,
    TextField,
    day_bound,
)
from content.schema.service import Part, Service

TODAY = date(2026, 11, 22)

# 常州 2022, 附件 1 and 2: row → leads, partners.
LIST: dict[str, tuple[str, str]] = {
    "1": ("market-regulation", "public-security central-bank tax human-resources housing-fund"),
    "2": ("market-regulation", "urban-management fire-rescue government-services"),
    "3": ("human-resources", "medical-insurance housing-fund"),
    "4": ("human-resources", "medical-insurance housing-fund"),
    "5": ("natural-resources", "tax"),
    "6": ("market-regulation", "tax"),
    "7": ("health", "public-security civil-affairs human-resources medical-insurance tax"),
    "8": ("civil-affairs", "public-security health"),
    "9": ("disabled-federation", "civil-affairs human-resources medical-insurance"),
    "10": ("veterans", "public-security military human-resources medical-insurance housing-fund"),
    "11": ("natural-resources", "housing tax power"),
    "12": ("human-resources", "health medical-insurance housing-fund"),
    "13": (
        "civil-affairs",
        "public-security human-resources health veterans medical-insurance disabled-federation justice housing-fund",
    ),
    "14": ("government-services", "development-reform natural-resources housing transport water-resources"),
    "15": ("human-resources", "public-security housing"),
    "16": ("education", "public-security civil-affairs human-resources natural-resources health"),
    "17": ("civil-affairs", "public-security"),
    "18": ("medical-insurance", ""),
    "19": ("transport", "public-security"),
    "20": ("transport", "public-security"),
    "21": ("public-security", "urban-management health government-services fire-rescue"),
    "22": ("culture-tourism government-services", "public-security urban-management market-regulation fire-rescue"),
    "23": ("housing", "public-security civil-affairs human-resources natural-resources"),
    "24": ("market-regulation", "justice agriculture culture-tourism publicity science-education-city"),
    "25": ("market-regulation", "publicity urban-management tobacco"),
    "26": ("market-regulation", "urban-management government-services fire-rescue"),
    "L1": ("maritime", "customs border-inspection"),
    "L2": ("science culture-tourism", "civil-affairs housing market-regulation"),
    "L3": ("culture-tourism", "public-security housing urban-management emergency market-regulation fire-rescue"),
}


@cache
def packages() -> dict[str, Service]:
    files = sorted((CATALOGUE / "packages").glob("*.yaml"))
    return {file.stem: Service.model_validate(yaml.safe_load(file.read_text("utf-8"))) for file in files}


def test_each_of_the_list_is_there_once() -> None:
    assert sorted(str(service.row) for service in packages().values()) == sorted(LIST)


@pytest.mark.parametrize("name", packages())
def test_who_leads_and_who_takes_part(name: str) -> None:
    service = packages()[name]
    assert service.package is not None
    lead, partner = LIST[str(service.row)]
    assert [each.department for each in service.package.leads] == lead.split()
    assert [each.department for each in service.package.partners] == partner.split()


def test_the_branch_decides_who_leads_a_training_centre() -> None:
    service = packages()["training-outside-school"]
    branches = {"science": ["science"], "sports": ["culture-tourism"], "art": ["culture-tourism"]}
    for situation in situations(service):
        parts = chosen_parts(service, situation, _complete(service, situation, set()))
        assert [department for department, _ in leads(service, situation, parts)] == branches[situation["kind"]]


@pytest.mark.parametrize("name", packages())
def test_every_way_through_ends_in_a_whole_form(name: str) -> None:
    service = packages()[name]
    assert service.package is not None
    pages = [page.id for page in service.pages]
    reached: set[tuple[str, str]] = set()
    papers: set[str] = set()
    tried: set[tuple[str, str]] = set()
    for situation in situations(service):
        there = applicable(service.package, situation)
        assert there, situation
        wanted = [{part.id for part in there}, set[str](), *({part.id} for part in there)]
        for ids in {tuple(_complete(service, situation, each)) for each in wanted} - {()}:
            parts = chosen_parts(service, situation, ids)
            assert leads(service, situation, parts)
            todo: list[dict[str, str]] = [{}]
            while todo:
                choice = todo.pop()
                fields, form = filled(service, parts, situation, choice)
                assert wrong_field(fields, form, situation, TODAY) is None, (situation, ids, choice)
                papers |= {material.id for material in merged_materials(service, parts, {**situation, **form})}
                for field in fields:
                    assert field.page in pages
                    asked_before = [each for each in fields if each.name in field.when]
                    assert all(pages.index(each.page) <= pages.index(field.page) for each in asked_before)
                    options = field.options if isinstance(field, ChoiceField | ChoicesField) else []
                    new = {(field.name, option.value) for option in options} - tried
                    tried |= new
                    todo += [{field_name: value} for field_name, value in new]
                reached |= {("", field.name) for field in fields}
                reached |= {(part.id, own) for part in parts for own in part_answers(part, form)}
    asked = {("", field.shared_as) for field in service.form}
    asked |= {(part.id, field.name) for part in service.package.parts for field in part.form}
    assert asked <= reached
    assert {material.id for material in _materials(service)} == papers


@pytest.mark.parametrize("name", packages())
def test_no_field_of_a_part_is_called_like_a_question(name: str) -> None:
    """A part's own names hide the package's in its conditions: one named like a situation would be taken for it."""
    service = packages()[name]
    assert service.package is not None
    questions = {situation.name for situation in service.situations}
    for part in service.package.parts:
        assert not questions & {word for field in part.form for word in (field.name, field.shared_as)}


@pytest.mark.parametrize("name", packages())
def test_a_fact_is_the_same_wherever_it_is_asked(name: str) -> None:
    service = packages()[name]
    assert service.package is not None
    first: dict[str, object] = {}
    for field in (*service.form, *(field for part in service.package.parts for field in part.form)):
        said = (field.value_schema(), field.page)
        assert first.setdefault(field.shared_as, said) == said, field.name


def situations(service: Service, place: int = 0, given: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """Every combination of answers with which it goes on."""
    given = dict(given or {})
    if place == len(service.situations):
        yield given
        return
    question = service.situations[place]
    if not holds(question.when, given):
        yield from situations(service, place + 1, given)
        return
    for option in question.options:
        if option.stop is None:
            yield from situations(service, place + 1, {**given, question.name: option.value})


def filled(
    service: Service, parts: list[Part], situation: Mapping[str, str], choice: Mapping[str, str]
) -> tuple[list[FormField], dict[str, str]]:
    form: dict[str, str] = {}
    for _ in range(20):
        fields = form_fields(service, parts, {**situation, **form})
        now = {field.name: form.get(field.name) or _value(field, choice.get(field.name)) for field in fields}
        if now == form:
            return fields, form
        form = now
    raise AssertionError("one answer keeps changing what is asked")


def _complete(service: Service, situation: Mapping[str, str], wanted: set[str]) -> list[str]:
    assert service.package is not None
    return [part.id for part in together(applicable(service.package, situation), wanted)]


def _materials(service: Service) -> Iterator[Material]:
    assert service.package is not None
    yield from service.materials
    for part in service.package.parts:
        yield from part.materials


def _value(field: FormField, choice: str | None) -> str:
    match field:
        case ChoiceField() | ChoicesField():
            return choice or field.options[0].value
        case NumberField():
            return _like(field.pattern, field.min_length or field.max_length, field.max_length)
        case TextField() if field.pattern is not None:
            return _like(field.pattern, field.min_length, field.max_length)
        case TextField():
            return "示" * max(field.min_length, 1)
        case PhoneField():
            return "13800000000"
        case IdNumberField():
            return "519999199001010025"
        case AmountField():
            return str(max(field.least_fen, 1))
        case DateField():
            first = day_bound(field.earliest, TODAY) or TODAY
            return max(first, min(day_bound(field.latest, TODAY) or TODAY, TODAY)).isoformat()
        case _:
            return "yes"


@cache
def _like(pattern: str, shortest: int, longest: int) -> str:
    digits = ("1234567890" * 4, "5", "9.8", "91519999MA00000018", "A123456789", "2611-519999-04-01-123456")
    samples = [digits[0][:length] for length in range(shortest, longest + 1)] + list(digits[1:])
    return next(one for one in samples if shortest <= len(one) <= longest and re.fullmatch(pattern, one))
