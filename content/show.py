"""A service as a resident reads it, in one language, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from content.schema.base import Condition
from content.schema.elements import Material
from content.schema.forms import ChoiceField, ChoicesField, FormField
from content.schema.service import Guide, Service
from content.schema.text import Language, Text

_ELEMENTS = {
    "legal_basis": Text("法定依据", "Legal basis"),
    "conditions": Text("申请条件", "Who can apply"),
    "materials": Text("申请材料", "What to bring"),
    "procedure": Text("办理程序", "How it goes"),
    "time_limit": Text("办理时限", "How long it takes"),
    "result": Text("审批决定证件", "What you receive"),
    "quota": Text("许可数量", "Quota"),
    "fees": Text("收费依据及标准", "Fees"),
    "contact": Text("联系方式", "Questions and complaints"),
    "notes": Text("注意事项", "Please note"),
}
_QUESTIONS = Text("先问您几个问题", "First a few questions")
_MATERIALS = Text("材料", "Materials")
_FORM = Text("要填的", "What you fill in")
_PARTS = Text("包含的事项", "Parts")
_STOPS = Text("不能在本机办：", "cannot be done here: ")
_NEEDLESS = Text("不用您交：", "not asked of you: ")
_BY_DATA = Text("由部门数据代替", "taken from the department's data")
_ONLY_IF = Text("仅当 ", "only if ")


def as_text(service: Service, language: Language) -> Iterator[str]:
    yield f"# {service.title.in_(language)}"
    yield service.summary.in_(language)
    for name in Guide.model_fields:
        yield f"\n## {_ELEMENTS[name].in_(language)}\n{getattr(service.guide, name).in_(language)}"
    if service.situations:
        yield f"\n## {_QUESTIONS.in_(language)}"
    for situation in service.situations:
        yield f"- {situation.question.in_(language)}{_when(situation.when, language)}"
        for option in situation.options:
            stop = f" → {_STOPS.in_(language)}{option.stop.in_(language)}" if option.stop else ""
            yield f"  - {option.label.in_(language)}{stop}"
    yield from _materials(service.materials, language)
    yield from _fields(service.form, language)
    if service.package is not None:
        yield f"\n## {_PARTS.in_(language)}"
        for part in service.package.parts:
            yield f"\n### {part.title.in_(language)}{_when(part.when, language)}"
            yield from _materials(part.materials, language)
            yield from _fields(part.form, language)


def _materials(materials: list[Material], language: Language) -> Iterator[str]:
    if materials:
        yield f"\n## {_MATERIALS.in_(language)}"
    for material in materials:
        instead = ""
        if material.source == "government":
            instead = f"（{_NEEDLESS.in_(language)}{(material.replaced_by or _BY_DATA).in_(language)}）"
        yield f"- {material.name.in_(language)}{instead}{_when(material.when, language)}"


def _fields(form: list[FormField], language: Language) -> Iterator[str]:
    if form:
        yield f"\n## {_FORM.in_(language)}"
    for field in form:
        source = f"（{field.prefill.source.in_(language)}）" if field.prefill else ""
        yield f"- {(field.question or field.label).in_(language)}{source}{_when(field.when, language)}"
        if isinstance(field, ChoiceField | ChoicesField):
            yield "  " + " / ".join(option.label.in_(language) for option in field.options)


def _when(condition: Condition, language: Language) -> str:
    if not condition:
        return ""
    said = " & ".join(f"{name}={'|'.join(values)}" for name, values in condition.items())
    return f" [{_ONLY_IF.in_(language)}{said}]"
