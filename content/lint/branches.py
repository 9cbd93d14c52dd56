"""Branches: every `when` can come true. Conditions are conjunctions, and so is the question whether a question is
asked; one is reachable exactly when the answers it wants, and those that lead to its questions, leave every question
at least one answer. No enumeration is needed, however many questions there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from content.lint.fault import Finding, fault, note
from content.lint.known import Known
from content.lint.values import plain
from content.schema.base import Condition
from content.schema.forms import ChoiceField, ChoicesField, FormField, StatementField
from content.schema.service import Kind, Part, Service


@dataclass(frozen=True)
class _Question:
    """Something answered by choosing. `several`: answers do not exclude each other."""

    answers: frozenset[str]
    going_on: frozenset[str]  # answers with which the matter goes on here
    when: Condition
    several: bool = False


_Known = dict[str, _Question | None]  # None: asked, but not by choosing


def rules(service: Service, known: Known) -> Iterator[Finding]:
    asked: _Known = {}
    for index, situation in enumerate(service.situations):
        place = f"situations.{index}"
        yield from _condition(situation.when, f"{place}.when", asked, _later(service, index))
        values = [option.value for option in situation.options]
        yield from plain(values, f"{place}.options")
        if len(set(values)) != len(values):
            yield fault(
                f"{place}.options",
                "两个选项的值相同；请改成不同的",
                "two options have the same value; make them differ",
            )
        going_on = frozenset(option.value for option in situation.options if option.stop is None)
        if not going_on:
            yield fault(
                f"{place}.options",
                "每个选项都不能办；请至少留一个能办的",
                "every answer stops; leave at least one with which it goes on",
            )
        if situation.name in asked:
            yield _name_taken(f"{place}.name", situation.name)
        asked[situation.name] = _Question(frozenset(values), going_on or frozenset(values), situation.when)
    situations = dict(asked)
    yield from _fields(service, _in_order(service), asked)
    yield from _rest(service, asked)
    for part_index, part in enumerate(service.package.parts if service.package else []):
        yield from _part(part, part_index, asked, situations)
    yield from _idle(service, situations)


def _in_order(service: Service) -> list[tuple[int, FormField]]:
    """Fields as they are asked: page by page."""
    pages = {page.id: number for number, page in enumerate(service.pages)}
    return sorted(enumerate(service.form), key=lambda item: pages.get(item[1].page, 0) if item[1].page else 0)


def _fields(service: Service, ordered: Sequence[tuple[int, FormField]], asked: _Known) -> Iterator[Finding]:
    later = {field.name for _, field in ordered}
    for index, field in ordered:
        yield from _condition(field.when, f"form.{index}.when", asked, later)
        if field.name in {situation.name for situation in service.situations}:
            yield _name_taken(f"form.{index}.name", field.name)
        asked.setdefault(field.name, _question(field))


def _question(field: FormField) -> _Question | None:
    if isinstance(field, ChoiceField | ChoicesField):
        values = frozenset(option.value for option in field.options)
        return _Question(values, values, field.when, several=isinstance(field, ChoicesField))
    if isinstance(field, StatementField):
        values = frozenset({"yes"} if field.required else {"yes", "no"})
        return _Question(values, values, field.when)
    return None


def _rest(service: Service, asked: _Known) -> Iterator[Finding]:
    for name, items in (("materials", service.materials), ("fees", service.fees), ("policies", service.policies)):
        for index, item in enumerate(items):
            yield from _condition(item.when, f"{name}.{index}.when", asked)  # type: ignore[attr-defined]
    if service.package is not None:
        for name, leads in (("leads", service.package.leads), ("partners", service.package.partners)):
            for index, lead in enumerate(leads):
                yield from _condition(lead.when, f"package.{name}.{index}.when", asked)


def _part(part: Part, index: int, asked: _Known, situations: _Known) -> Iterator[Finding]:
    place = f"package.parts.{index}"
    yield from _condition(part.when, f"{place}.when", asked)
    own = dict(asked)
    later = {field.name for field in part.form}
    for number, field in enumerate(part.form):
        yield from _condition(field.when, f"{place}.form.{number}.when", own, later, part.when)
        for taken in {field.name, field.shared_as} & situations.keys():
            yield _name_taken(f"{place}.form.{number}.name", taken)
        own.setdefault(field.name, _question(field))
    for number, material in enumerate(part.materials):
        yield from _condition(material.when, f"{place}.materials.{number}.when", own, wanted=part.when)


def _condition(
    condition: Condition, place: str, asked: _Known, later: set[str] | None = None, wanted: Condition | None = None
) -> Iterator[Finding]:
    """`wanted`: what holds already where the condition stands."""
    sound = True
    for name, values in condition.items():
        here = f"{place}.{name}"
        question = asked.get(name)
        if name not in asked:
            sound = False
            if name in (later or set()):
                yield fault(
                    here,
                    "这一问在后面才问；请调整顺序",
                    "is asked only later; move the question before what depends on it",
                )
            else:
                yield fault(
                    here,
                    "没有这一问；请核对名称",
                    "is no question and no choice of this service; check the name",
                )
        elif question is None:
            sound = False
            yield fault(here, "不是选择题，不能作条件", "is not answered by choosing; conditions need a choice")
        elif unknown := [value for value in values if value not in question.answers]:
            sound = False
            yield fault(
                here,
                f"没有选项“{unknown[0]}”；可用：{'、'.join(sorted(question.answers))}",
                f"has no answer {unknown[0]!r}; use one of {', '.join(sorted(question.answers))}",
            )
        elif not values:
            sound = False
            yield fault(here, "没有写选项，永远不成立", "names no answer and never holds; name one or remove it")
    if condition and sound and not _reachable(condition, asked, wanted or {}):
        yield fault(
            place,
            "没有哪种回答会走到这里；请改条件或删去",
            "no answers lead here; mend the condition or remove what stands under it",
        )


def _reachable(condition: Condition, asked: _Known, wanted: Condition) -> bool:
    left: dict[str, frozenset[str]] = {}
    todo = [condition, wanted]
    while todo:
        for name, values in todo.pop().items():
            question = asked.get(name)
            if question is None:
                continue
            if name not in left:
                left[name] = question.going_on
                todo.append(question.when)
            possible = left[name] & frozenset(values)
            if not possible:
                return False
            if not question.several:
                left[name] = possible
    return True


def _later(service: Service, index: int) -> set[str]:
    """What is asked after the situation `index`, and itself."""
    return {situation.name for situation in service.situations[index:]} | {field.name for field in service.form}


def _idle(service: Service, situations: _Known) -> Iterator[Finding]:
    """Questions whose answer changes nothing."""
    if service.journey in (Kind.POLICY_MATCH, Kind.QUEUE_TICKET):
        return
    used = {name for condition in _conditions(service) for name in condition}
    for index, situation in enumerate(service.situations):
        stops = any(option.stop is not None for option in situation.options)
        if situation.name in situations and situation.name not in used and not stops:
            yield note(
                f"situations.{index}",
                "这一问的回答不影响任何内容；请去掉，或把材料、表单与它关联",
                "the answer changes nothing; remove the question, or let materials or fields depend on it",
            )


def _conditions(service: Service) -> Iterator[Condition]:
    for group in (service.situations, service.form, service.materials, service.fees, service.policies):
        for item in group:
            yield item.when
    if service.package is not None:
        for lead in (*service.package.leads, *service.package.partners):
            yield lead.when
        for part in service.package.parts:
            yield part.when
            for item in (*part.form, *part.materials):
                yield item.when


def _name_taken(place: str, name: str) -> Finding:
    return fault(
        place, f"“{name}”已经用过；请换一个名称", f"{name!r} is used twice; give each question and field its own name"
    )
