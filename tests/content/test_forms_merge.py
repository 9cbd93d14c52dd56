"""A package asks each fact once, whatever is chosen."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from content.forms_merge import applicable, merged_form, merged_materials, part_answers, together
from content.schema.base import holds
from content.schema.elements import Material
from content.schema.forms import TextField
from content.schema.service import Bundle, Lead, Part, Service
from content.schema.text import Text
from tests.kiosk.journeys.sample_services import SHOP

WORD = Text("字", "word")
FACTS = ["a", "b", "c", "d"]
BASE = Service.model_validate(SHOP)


def _field(name: str, fact: str, required: bool, when: dict[str, list[str]]) -> TextField:
    return TextField(kind="text", name=name, label=WORD, fact=fact, required=required, when=when)


@st.composite
def forms(draw: st.DrawFn) -> list[Any]:
    """Fields of one part; their names are the part's own, and may be another's fact."""
    facts = draw(st.lists(st.sampled_from(FACTS), unique=True, max_size=4))
    names = draw(st.permutations(FACTS))
    conditions = st.sampled_from([{}, {"case": ["x"]}, {"case": ["y"]}])
    return [_field(name, fact, draw(st.booleans()), draw(conditions)) for name, fact in zip(names, facts, strict=False)]


@st.composite
def packages(draw: st.DrawFn) -> Service:
    count = draw(st.integers(1, 4))
    parts = [
        Part(
            id=f"p{number}",
            title=WORD,
            department="d",
            operation="d.submit",
            required=draw(st.booleans()),
            needs=draw(st.lists(st.sampled_from([f"p{n}" for n in range(count)]), max_size=2, unique=True)),
            when=draw(st.sampled_from([{}, {"case": ["x"]}])),
            form=draw(forms()),
            materials=[
                Material(id=name, name=WORD, source="applicant", necessity=draw(st.sampled_from(_NECESSITIES)))
                for name in draw(st.lists(st.sampled_from(["m", "n"]), unique=True))
            ],
            result=WORD,
        )
        for number in range(count)
    ]
    bundle = Bundle(leads=[Lead(department="d")], parts=parts)
    return BASE.model_copy(update={"form": draw(forms()), "materials": [], "package": bundle})


_NECESSITIES = ["required", "optional", "deferrable"]
ANSWERS = st.fixed_dictionaries({"case": st.sampled_from(["x", "y", ""])})


def _parts(service: Service) -> list[Part]:
    assert service.package is not None
    return service.package.parts


@given(packages(), ANSWERS)
def test_each_fact_once_and_none_left_out(service: Service, answers: dict[str, str]) -> None:
    merged = merged_form(service, _parts(service), answers)
    names = [field.name for field in merged]
    assert len(names) == len(set(names))
    asking = [
        field
        for form in (service.form, *(part.form for part in _parts(service)))
        for field in form
        if holds(field.when, answers)
    ]
    assert set(names) == {field.shared_as for field in asking}
    assert all(field.shared_as == field.name for field in merged)
    for field in merged:
        wanted = [each.required for each in asking if each.shared_as == field.name]
        assert field.required is any(wanted)


@given(packages(), ANSWERS)
def test_more_parts_only_add(service: Service, answers: dict[str, str]) -> None:
    """What was filled in for some of the parts keeps its name and place when another part is chosen too."""
    parts = _parts(service)
    before: list[str] = []
    for number in range(len(parts) + 1):
        now = [field.name for field in merged_form(service, parts[:number], answers)]
        assert now[: len(before)] == before
        before = now


@given(packages(), ANSWERS)
def test_departments_get_their_own_names_back(service: Service, answers: dict[str, str]) -> None:
    form = {field.name: f"value of {field.name}" for field in merged_form(service, _parts(service), answers)}
    for part in _parts(service):
        own = part_answers(part, form)
        for field in part.form:
            if holds(field.when, answers):
                assert own[field.name] == f"value of {field.shared_as}"


@given(packages(), ANSWERS, st.sets(st.sampled_from(["p0", "p1", "p2", "p3", "other"])))
def test_chosen_together(service: Service, answers: dict[str, str], wanted: set[str]) -> None:
    assert service.package is not None
    offered = applicable(service.package, answers)
    there = {part.id for part in offered}
    chosen = together(offered, wanted)
    ids = {part.id for part in chosen}
    assert all(holds(part.when, answers) for part in offered)
    assert (wanted & there) | {part.id for part in offered if part.required} <= ids <= there
    for part in chosen:
        assert set(part.needs) <= ids
    assert together(offered, ids) == chosen, "choosing it again changes nothing"


@given(packages(), ANSWERS)
def test_materials_once_and_as_strict_as_the_strictest(service: Service, answers: dict[str, str]) -> None:
    merged = merged_materials(service, _parts(service), answers)
    assert len({each.id for each in merged}) == len(merged)
    strength = {"optional": 0, "deferrable": 1, "required": 2}
    for each in merged:
        wanted = [
            material.necessity for part in _parts(service) for material in part.materials if material.id == each.id
        ]
        assert strength[each.necessity] == max(strength[one] for one in wanted)


def test_conditions_follow_the_fact() -> None:
    """A part's condition names its own field; in the merged form that field is called by its fact."""
    which = _field("mine", "shared", True, {})
    follows = _field("other", "follows", True, {"mine": ["yes"]})
    part = Part(id="p", title=WORD, department="d", operation="d.submit", form=[which, follows], result=WORD)
    service = BASE.model_copy(update={"form": []})
    assert [field.name for field in merged_form(service, [part], {"shared": "yes"})] == ["shared", "follows"]
    assert [field.name for field in merged_form(service, [part], {"mine": "yes"})] == ["shared"]
