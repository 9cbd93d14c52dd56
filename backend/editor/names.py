"""How elements are called: by their place in a body."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from backend.editor.shape import SECTIONS, Entry, Many

Pair = tuple[str, str]

_MORE: dict[str, Pair] = {
    "journey": ("办理流程", "Journey"),
    "operation": ("接口", "Operation"),
    "record": ("查询结果的显示", "How the record is shown"),
    "certificate": ("证明", "Certificate"),
    "package": ("一件事", "Package"),
    "parts": ("分项", "Part"),
    "leads": ("牵头部门", "Lead"),
    "partners": ("配合部门", "Partner"),
    "policies": ("政策", "Policy"),
    "results": ("办理结果", "Results"),
    "delegation": ("代办", "Delegation"),
    "channels": ("支付方式", "Payment"),
    "usage_unit": ("用量单位", "Unit of usage"),
    "to_confirm": ("待确认", "To be confirmed"),
    "id": ("编号", "Id"),
    "guide": ("办事指南", "Guide"),
    "agency": ("实施主体", "Agency"),
    "codes": ("编码", "Codes"),
    "consent": ("同意", "Consent"),
    "limits": ("时限", "Limits"),
    "availability": ("何时何地", "When and where"),
    "effective": ("有效期", "In force"),
    "#": ("顺序", "order"),
    "zh": ("中文", "Chinese"),
    "en": ("英文", "English"),
    "version": ("版本", "Version"),
}


def name_of(path: Sequence[str]) -> Pair:
    """`("guide", "fees", "en")` → 收费依据及标准 · 英文. Names of entries stay as they are."""
    zh, en = [], []
    place: list[str] = []
    for step in path:
        place.append(step)
        named = _names().get(".".join(place)) or (
            _MORE.get(step) if len(place) == 1 or step in ("zh", "en", "#") else None
        )
        if named is None and (parts := _names().get(_shape(place))):
            named = parts
        if named is None:
            named = _MORE.get(step, (step, step))
        zh.append(named[0])
        en.append(named[1])
    return " · ".join(zh), " · ".join(en)


def _shape(place: Sequence[str]) -> str:
    """Lists in a place have a name after them: materials.lease.hint → materials.*.hint."""
    steps: list[str] = []
    skip = False
    for step in place:
        if skip:
            steps.append("*")
            skip = False
            continue
        steps.append(step)
        skip = ".".join(steps) in _lists()
    return ".".join(steps)


@cache
def _names() -> dict[str, Pair]:
    found: dict[str, Pair] = {}

    def inner(prefix: str, entries: Sequence[Entry | Many]) -> None:
        for entry in entries:
            found[prefix + entry.path] = entry.name
            if isinstance(entry, Many):
                inner(f"{prefix}{entry.path}.*.", entry.entries)

    for section in SECTIONS:
        inner("", section.entries)
    return found


@cache
def _lists() -> frozenset[str]:
    found: set[str] = set()

    def inner(prefix: str, entries: Sequence[Entry | Many]) -> None:
        for entry in entries:
            if isinstance(entry, Many):
                found.add(prefix + entry.path)
                inner(f"{prefix}{entry.path}.*.", entry.entries)

    for section in SECTIONS:
        inner("", section.entries)
    return frozenset(found)
