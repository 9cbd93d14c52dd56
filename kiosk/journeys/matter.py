"""What a resident's answers so far make of a service: which questions, parts, fields and materials apply."""

from __future__ import annotations

from content.forms_merge import applicable, merged_form, merged_materials, together
from content.schema.base import holds
from content.schema.elements import Material, Situation
from content.schema.forms import FormField, asked
from content.schema.service import Part
from kiosk import form_rules
from kiosk.journeys.context import Journey


def situations(journey: Journey) -> list[Situation]:
    """The guided questions that are asked, given the answers to those before them."""
    found: list[Situation] = []
    answers: dict[str, str] = {}
    for each in journey.service.situations:
        if holds(each.when, answers):
            found.append(each)
            if each.name in journey.session.situation:
                answers[each.name] = journey.session.situation[each.name]
    return found


def situation(journey: Journey) -> dict[str, str]:
    """The answers that still count: none to a question that is asked no more."""
    given = journey.session.situation
    return {each.name: given[each.name] for each in situations(journey) if each.name in given}


def parts(journey: Journey) -> list[Part]:
    """Of a package, the parts there are in this situation."""
    bundle = journey.service.package
    return applicable(bundle, situation(journey)) if bundle is not None else []


def chosen_parts(journey: Journey) -> list[Part]:
    """The chosen ones; all as long as nothing was chosen."""
    offered = parts(journey)
    wanted = journey.session.parts
    return together(offered, [part.id for part in offered] if wanted is None else wanted)


def fields(journey: Journey) -> list[FormField]:
    """The form as it is asked now. Taken again until nothing changes: one field's answer may bring another, and an
    answer to a field that is asked no more brings nothing."""
    given = situation(journey)
    form = dict(journey.session.form)
    while True:
        answers = given | form
        if journey.service.package is not None:
            found = merged_form(journey.service, chosen_parts(journey), answers)
        else:
            found = asked(journey.service.form, answers)
        names = {field.name for field in found}
        if form.keys() <= names:
            return found
        form = {name: value for name, value in form.items() if name in names}


def form(journey: Journey) -> dict[str, str]:
    """The form's answers as they are handed in."""
    session = journey.session.form
    return {field.name: session[field.name] for field in fields(journey) if session.get(field.name)}


def answers(journey: Journey) -> dict[str, str]:
    """What conditions are decided by."""
    return situation(journey) | form(journey)


def materials(journey: Journey) -> list[Material]:
    given = answers(journey)
    if journey.service.package is not None:
        return merged_materials(journey.service, chosen_parts(journey), given)
    return [material for material in journey.service.materials if holds(material.when, given)]


def may_want_more(journey: Journey) -> bool:
    """Whether an answer of the form that is still to be given could bring another material."""
    given, service, chosen = answers(journey), journey.service, chosen_parts(journey)
    questions = {each.name for each in service.situations}
    forms = (service.form, *(part.form for part in chosen))
    facts = {field.name: field.shared_as for form in forms for field in form}
    wanted = {material.id for material in materials(journey)}
    for material in (*service.materials, *(each for part in chosen for each in part.materials)):
        by_question = {name: values for name, values in material.when.items() if name in questions}
        by_form = {facts.get(name, name) for name in material.when.keys() - questions}
        if material.id not in wanted and holds(by_question, given) and by_form - given.keys():
            return True
    return False


def complete(journey: Journey) -> bool:
    """Whether the form as a whole fits its schema."""
    return form_rules.fits(fields(journey), answers(journey), form(journey))
