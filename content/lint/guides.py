"""The ten open elements (十公开): each says something, and agrees with the rest of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from content.lint.fault import Finding, fault
from content.lint.known import Known
from content.schema.service import Guide, Service

_MARKS = re.compile(r"[\W_]+")
# All that is said, without punctuation. 不收费, 不限数量, 无设定依据 say something.
_EMPTY = frozenset({"", "无", "没有", "略", "同上", "不详", "暂无", "见窗口", "见现场", "另行通知", "不适用"})
_EMPTY_EN = frozenset({"", "none", "no", "na", "nil", "omitted", "seeabove", "unknown", "notapplicable"})
_SUM = re.compile(r"(?<![\d.])(\d[\d,]*(?:\.\d{1,2})?)\s*(万)?元")


def rules(service: Service, known: Known) -> Iterator[Finding]:
    for name in Guide.model_fields:
        text = getattr(service.guide, name)
        if text.zh.strip() and _MARKS.sub("", text.zh) in _EMPTY:
            yield _says_nothing(f"guide.{name}.zh", text.zh)
        if text.en.strip() and _MARKS.sub("", text.en).lower() in _EMPTY_EN:
            yield _says_nothing(f"guide.{name}.en", text.en)
    named = any(float(found[1].replace(",", "")) > 0 for found in _SUM.finditer(service.guide.fees.zh))
    if named and not service.fees:
        yield fault(
            "guide.fees",
            "写了金额，fees 里却没有收费；请补上收费和依据，或改正",
            "names a sum, but there is no fee; add it to fees with its basis, or correct the text",
        )


def _says_nothing(place: str, said: str) -> Finding:
    return fault(
        place,
        f"“{said.strip()}”等于没写；没有的也要写明，如“不收费”“不限数量”",
        f"{said.strip()!r} says nothing; say what holds, e.g. 'Free of charge' or 'No limit'",
    )
