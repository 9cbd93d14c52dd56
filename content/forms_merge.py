"""A package as one matter: which parts apply and go together, one form that asks each fact once, one set of materials.

In a merged form every field is called by its fact (`shared_as`), so that answers do not depend on which parts were
chosen; `part_answers` gives a department its own names back. Fields that disagree (another kind, other options under
the same fact) are refused by the lint; here the first one wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from content.schema.base import Condition, holds
from content.schema.elements import Material
from content.schema.forms import FormField
from content.schema.service import Bundle, Part, Service

_STRENGTH = {"optional": 0, "deferrable": 1, "required": 2}


def applicable(bundle: Bundle, situation: Mapping[str, str]) -> list[Part]:
    """The parts that there are in this situation: not one that needs another which there is not."""
    found = [part for part in bundle.parts if holds(part.when, dict(situation))]
    while True:
        there = {part.id for part in found}
        kept = [part for part in found if set(part.needs) <= there]
        if len(kept) == len(found):
            return found
        found = kept


def together(parts: Iterable[Part], chosen: Iterable[str]) -> list[Part]:
    """What really is chosen of `parts`: the required ones and what chosen ones need are always in it."""
    known = {part.id: part for part in parts}
    wanted = {part.id for part in known.values() if part.required} | (set(chosen) & known.keys())
    grown = True
    while grown:
        more = {need for name in wanted for need in known[name].needs} & known.keys() - wanted
        wanted |= more
        grown = bool(more)
    return [part for part in known.values() if part.id in wanted]


def merged_form(service: Service, parts: Iterable[Part], answers: Mapping[str, str]) -> list[FormField]:
    """The fields asked for these parts and answers (situation and form so far), each fact once.

    A fact is required when any part that asks for it requires it, and asked when any of them asks for it.
    """
    found: dict[str, FormField] = {}
    own = _renamed(service.form)
    for fields, names in ((service.form, own), *((part.form, own | _renamed(part.form)) for part in parts)):
        for field in fields:
            when = _with_facts(field.when, names)
            if not holds(when, dict(answers)):
                continue
            fact = field.shared_as
            if fact not in found:
                found[fact] = field.model_copy(update={"name": fact, "fact": None, "when": when})
            else:
                found[fact] = _both(found[fact], field)
    return list(found.values())


def merged_materials(service: Service, parts: Iterable[Part], answers: Mapping[str, str]) -> list[Material]:
    """The materials for these parts and answers, each once; the strictest of several wants wins."""
    found: dict[str, Material] = {}
    own = _renamed(service.form)
    for materials, names in (
        (service.materials, own),
        *((part.materials, own | _renamed(part.form)) for part in parts),
    ):
        for material in materials:
            if not holds(_with_facts(material.when, names), dict(answers)):
                continue
            known = found.get(material.id)
            if known is None:
                found[material.id] = material
                continue
            stricter = max(known.necessity, material.necessity, key=_STRENGTH.__getitem__)
            copies = max(known.copies, material.copies)
            found[material.id] = known.model_copy(update={"necessity": stricter, "copies": copies})
    return list(found.values())


def part_answers(part: Part, form: Mapping[str, str]) -> dict[str, str]:
    """What of a merged form's answers this part's department gets, under its own fields' names."""
    return {field.name: form[field.shared_as] for field in part.form if field.shared_as in form}


def _renamed(fields: Iterable[FormField]) -> dict[str, str]:
    return {field.name: field.shared_as for field in fields}


def _with_facts(when: Condition, names: Mapping[str, str]) -> Condition:
    """A condition over fields' names as one over facts; names of situations stay."""
    return {names.get(name, name): values for name, values in when.items()}


def _both(first: FormField, second: FormField) -> FormField:
    return first.model_copy(
        update={
            "required": first.required or second.required,
            "prefill": first.prefill or second.prefill,
            "hint": first.hint or second.hint,
            "error": first.error or second.error,
        }
    )
