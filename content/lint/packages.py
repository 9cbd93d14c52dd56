"""Packages (一件事): parts that fit together, departments that are known, facts asked once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import product
from math import prod

from content.lint.durations import said, surely_working
from content.lint.fault import Finding, fault
from content.lint.known import Known
from content.schema.base import holds
from content.schema.forms import ChoiceField, ChoicesField, FormField
from content.schema.service import Bundle, Service

_MOST_SITUATIONS = 4096


def rules(service: Service, known: Known) -> Iterator[Finding]:
    bundle = service.package
    if bundle is None:
        return
    yield from _departments(bundle, known)
    yield from _parts(bundle)
    yield from _limits(service, bundle)
    yield from _facts(service, bundle)
    yield from _somebody_leads(service, bundle)


def _departments(bundle: Bundle, known: Known) -> Iterator[Finding]:
    named = [(f"leads.{index}", lead.department) for index, lead in enumerate(bundle.leads)]
    named += [(f"partners.{index}", lead.department) for index, lead in enumerate(bundle.partners)]
    taking_part = {department for _, department in named}
    for place, department in named:
        if department not in known.departments:
            yield _unknown(f"package.{place}.department", department)
    for index, part in enumerate(bundle.parts):
        place = f"package.parts.{index}.department"
        if part.department not in known.departments:
            yield _unknown(place, part.department)
        elif part.department not in taking_part:
            yield fault(
                place,
                f"“{part.department}”既不是牵头部门也不是配合部门",
                f"{part.department!r} neither leads nor takes part; add it to partners",
            )
    for name in {lead.department for lead in bundle.leads if not lead.when} & {
        partner.department for partner in bundle.partners if not partner.when
    }:
        yield fault("package.partners", f"“{name}”已是牵头部门", f"{name!r} leads already; it cannot be a partner too")


def _unknown(place: str, department: str) -> Finding:
    return fault(
        place,
        f"departments.yaml 里没有“{department}”；请补上或改名",
        f"{department!r} is not in departments.yaml; add it there or correct the name",
    )


def _parts(bundle: Bundle) -> Iterator[Finding]:
    ids = [part.id for part in bundle.parts]
    for name, count in Counter(ids).items():
        if count > 1:
            yield fault(
                "package.parts", f"编号“{name}”重复", f"the id {name!r} is used {count} times; make them differ"
            )
    for index, part in enumerate(bundle.parts):
        place = f"package.parts.{index}"
        if part.required and part.reason is None:
            yield fault(
                f"{place}.reason",
                "必办事项要说明依据",
                "is missing: whoever must take a part is told why; say which law wants it",
            )
        for number, needed in enumerate(part.needs):
            if needed not in ids:
                yield fault(
                    f"{place}.needs.{number}", f"没有事项“{needed}”", f"there is no part {needed!r}; check the id"
                )
    if loop := _loop(bundle):
        yield fault(
            "package.parts",
            f"相互依赖成环：{' → '.join(loop)}",
            f"need each other in a circle: {' → '.join(loop)}; cut it",
        )


def _loop(bundle: Bundle) -> list[str] | None:
    needs = {part.id: part.needs for part in bundle.parts}
    settled: set[str] = set()
    for start in needs:
        trail: list[str] = []
        todo = [(start, False)]
        while todo:
            name, leaving = todo.pop()
            if leaving:
                trail.pop()
                settled.add(name)
            elif name in trail:
                return [*trail[trail.index(name) :], name]
            elif name not in settled and name in needs:
                trail.append(name)
                todo.append((name, True))
                todo += [(needed, False) for needed in needs[name]]
    return None


def _limits(service: Service, bundle: Bundle) -> Iterator[Finding]:
    """A part that needs another begins when that one is done: what is promised for all is at least the longest way."""
    if service.limits is None:
        yield fault("limits", "没有办理时限；请写承诺时限", "is missing; say how long the whole takes (promised)")
        return
    way, days = _longest_way(bundle)
    promised = service.limits.promised
    if surely_working(promised) < days:
        names = " → ".join(way)
        yield fault(
            "limits.promised",
            f"承诺 {said(promised)[0]}，而 {names} 先后办理就要 {days} 个工作日；请改长，或缩短各事项",
            f"{said(promised)[1]} are shorter than {names}, one after the other: {days} working days; promise more, or "
            "shorten the parts",
        )


def _longest_way(bundle: Bundle) -> tuple[list[str], int]:
    """The parts that take longest one after the other, and their days; none where they need each other in a circle."""
    parts = {part.id: part for part in bundle.parts}
    order = TopologicalSorter({name: [need for need in part.needs if need in parts] for name, part in parts.items()})
    until: dict[str, int] = {}  # the day each is done
    before: dict[str, str | None] = {}
    try:
        for name in order.static_order():
            needs = [need for need in parts[name].needs if need in parts]
            before[name] = max(needs, key=until.__getitem__, default=None)
            until[name] = (parts[name].limit_days or 0) + max((until[need] for need in needs), default=0)
    except CycleError:
        return [], 0
    longest = max(until, key=until.__getitem__)
    way = []
    last: str | None = longest
    while last is not None:
        way.append(last)
        last = before[last]
    return way[::-1], until[longest]


def _facts(service: Service, bundle: Bundle) -> Iterator[Finding]:
    """What is asked once for several parts must be the same question."""
    first: dict[str, tuple[str, FormField]] = {}
    groups = [("form", service.form)]
    groups += [(f"package.parts.{index}.form", part.form) for index, part in enumerate(bundle.parts)]
    for group, form in groups:
        for index, field in enumerate(form):
            place = f"{group}.{index}"
            before, other = first.setdefault(field.shared_as, (place, field))
            if before.rpartition(".")[0] == group:
                continue
            if other.kind != field.kind:
                yield fault(
                    f"{place}.kind",
                    f"与 {before} 是同一事实“{field.shared_as}”，种类却不同（{other.kind}）",
                    f"is the same fact {field.shared_as!r} as {before}, but that is a {other.kind}; make them one "
                    "kind, or give this one a fact of its own",
                )
            elif _answers(field) != _answers(other):
                yield fault(
                    f"{place}.options",
                    f"与 {before} 是同一事实“{field.shared_as}”，选项却不同",
                    f"is the same fact {field.shared_as!r} as {before}, with other options; make them the same, or "
                    "give this one a fact of its own",
                )


def _answers(field: FormField) -> list[str]:
    return [option.value for option in field.options] if isinstance(field, ChoiceField | ChoicesField) else []


def _somebody_leads(service: Service, bundle: Bundle) -> Iterator[Finding]:
    """Leads may depend on the situation; in each there must be one."""
    if any(not lead.when for lead in bundle.leads):
        return
    names = {name for lead in bundle.leads for name in lead.when}
    answers: dict[str, list[str]] = {
        situation.name: [option.value for option in situation.options if option.stop is None]
        for situation in service.situations
        if situation.name in names
    }
    for field in service.form:
        if field.name in names and isinstance(field, ChoiceField):
            answers[field.name] = [option.value for option in field.options]
    if set(answers) != names or prod(map(len, answers.values())) > _MOST_SITUATIONS:
        return
    for values in product(*answers.values()):
        chosen = dict(zip(answers, values, strict=True))
        if not any(holds(lead.when, chosen) for lead in bundle.leads):
            said = ", ".join(f"{name}={value}" for name, value in chosen.items())
            yield fault("package.leads", f"{said} 时没有牵头部门", f"nobody leads where {said}; add a lead for it")
            return
