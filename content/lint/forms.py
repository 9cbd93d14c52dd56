"""Forms: names, pages, options, patterns, bounds and prefills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from content.lint.fault import Finding, fault
from content.lint.known import Known
from content.lint.patterns import problem
from content.lint.values import plain
from content.schema.forms import (
    CARD_VALUES,
    LICENCE_VALUES,
    AmountField,
    ChoiceField,
    ChoicesField,
    DateField,
    FormField,
    NumberField,
    Prefill,
    TextField,
    day_bound,
)
from content.schema.service import Service

_SOME_DAY = date(2000, 1, 1)


def rules(service: Service, known: Known) -> Iterator[Finding]:
    yield from _pages(service)
    yield from _group(service, service.form, "form", known)
    for index, part in enumerate(service.package.parts if service.package else []):
        yield from _group(service, part.form, f"package.parts.{index}.form", known)


def _pages(service: Service) -> Iterator[Finding]:
    names = [page.id for page in service.pages]
    for name, count in Counter(names).items():
        if count > 1:
            yield fault("pages", f"页面“{name}”重复；请改成不同的", f"{name!r} is used twice; make the ids differ")
    fields = [
        *service.form,
        *(field for part in (service.package.parts if service.package else []) for field in part.form),
    ]
    used = {field.page for field in fields}
    for index, page in enumerate(service.pages):
        if page.id not in used and not (index == 0 and "" in used):
            yield fault(
                f"pages.{index}", f"“{page.id}”页没有任何字段；请删去", f"no field is on page {page.id!r}; remove it"
            )


def _group(service: Service, form: Sequence[FormField], place: str, known: Known) -> Iterator[Finding]:
    pages = {page.id for page in service.pages}
    seen: set[str] = set()
    for index, field in enumerate(form):
        here = f"{place}.{index}"
        if field.name in seen:
            yield fault(
                f"{here}.name",
                f"“{field.name}”用了两次；请给每个字段各自的名称",
                f"{field.name!r} is used twice; give each field its own name",
            )
        seen.add(field.name)
        if field.page and field.page not in pages:
            yield fault(
                f"{here}.page",
                f"没有“{field.page}”页；请加到 pages",
                f"there is no page {field.page!r}; add it to pages",
            )
        yield from _shape(field, here)
        if field.prefill is not None:
            yield from _prefill(service, field.prefill, f"{here}.prefill.value", known)


def _shape(field: FormField, here: str) -> Iterator[Finding]:
    if isinstance(field, ChoiceField | ChoicesField):
        values = [option.value for option in field.options]
        yield from plain(values, f"{here}.options")
        if len(set(values)) != len(values):
            yield fault(
                f"{here}.options", "两个选项的值相同；请改成不同的", "two options have the same value; make them differ"
            )
        if isinstance(field, ChoicesField) and field.least > len(values):
            yield fault(f"{here}.least", "比选项还多", "is more than there are options")
    if isinstance(field, NumberField | TextField):
        if field.pattern is not None and (wrong := problem(field.pattern)) is not None:
            yield fault(f"{here}.pattern", wrong.zh, wrong.en)
        if (field.min_length or 0) > field.max_length:
            yield fault(f"{here}.min_length", "大于 max_length", "is more than max_length")
    if isinstance(field, AmountField) and field.least_fen > field.most_fen:
        yield fault(f"{here}.least_fen", "大于 most_fen", "is more than most_fen")
    if isinstance(field, DateField):
        yield from _days(field, here)


def _days(field: DateField, here: str) -> Iterator[Finding]:
    bounds: list[date | None] = []
    for name in ("earliest", "latest"):
        text = getattr(field, name)
        try:
            bounds.append(day_bound(text, _SOME_DAY))
        except (ValueError, OverflowError):
            yield fault(f"{here}.{name}", f"“{text}”不是日期", f"{text!r} is no date")
            return
    if field.earliest is None or field.latest is None or (field.earliest[0] in "+-") != (field.latest[0] in "+-"):
        return
    first, last = bounds
    if first is not None and last is not None and first > last:
        yield fault(f"{here}.earliest", "晚于 latest，选不到日期", "is after latest: no day can be chosen")


def _prefill(service: Service, prefill: Prefill, place: str, known: Known) -> Iterator[Finding]:
    if prefill.value.startswith("card."):
        name = prefill.value.removeprefix("card.")
        if name not in CARD_VALUES:
            yield fault(
                place,
                f"证件上没有“{name}”；可用：{'、'.join(CARD_VALUES)}",
                f"the card has no {name!r}; use one of {', '.join(CARD_VALUES)}",
            )
        elif not service.auth.reads_card:
            yield fault(
                place,
                f"认证级别 {service.auth.value} 不读证件",
                f"auth {service.auth.value} reads no card; raise it, or remove the prefill",
            )
        return
    if prefill.value.startswith("licence."):
        name = prefill.value.removeprefix("licence.")
        if name not in LICENCE_VALUES:
            yield fault(
                place,
                f"执照上没有“{name}”；可用：{'、'.join(LICENCE_VALUES)}",
                f"the licence has no {name!r}; use one of {', '.join(LICENCE_VALUES)}",
            )
        elif not service.auth.organisation:
            yield fault(
                place,
                f"认证级别 {service.auth.value} 不读电子营业执照",
                f"auth {service.auth.value} reads no licence; raise it to L1 or L2, or remove the prefill",
            )
        return
    name, _, field = prefill.value.partition(":")
    operation = known.operations.get(name)
    if operation is None:
        yield fault(
            place,
            f"没有接口“{name}”；请在 operations 里声明",
            f"there is no operation {name!r}; declare it in catalogue/operations",
        )
    elif operation.kind not in ("record", "check"):
        yield fault(place, f"“{name}”不是查询接口", f"{name!r} is of kind {operation.kind}; a prefill needs a record")
    elif field not in operation.fields:
        yield fault(
            place,
            f"“{name}”不回答“{field}”；可用：{'、'.join(operation.fields)}",
            f"{name!r} does not answer {field!r}; use one of {', '.join(operation.fields)}",
        )
    elif not service.auth.proves_holder and not service.auth.organisation:
        yield fault(
            place,
            f"认证级别 {service.auth.value} 不能查询本人数据",
            f"auth {service.auth.value} does not prove the holder: no department may be asked",
        )
