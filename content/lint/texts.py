"""Texts: said in both languages, exact, and no place-holders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel

from content.lint.fault import Finding, fault, note
from content.lint.known import Known
from content.schema.service import Service
from content.schema.text import Text

# Residents must be told exactly what to bring and who does what; catch-all clauses are forbidden (国办发〔2018〕45号).
_PAPERS = "(?:材料|资料|证明|文件|手续|证件)"
VAGUE = re.compile(
    f"其[他它][^，。；：、,;\n]{{0,12}}{_PAPERS}"
    f"|(?<![高同平中初优])等(?![于级待])[^，。；：、,;\n]{{0,4}}{_PAPERS}"
    f"|(?:有关|相关|必要的?|所需的?|需要的)[^，。；：、,;\n]{{0,2}}{_PAPERS}"
    "|法律法规规定的其他|(?:有关|相关)(?:人员|部门|单位|机关)|视情况|原则上|按规定需要"
)
_UNFINISHED = re.compile(r"待定|待补充|待完善|TODO|TBD|XXX|^\s*(?:略|同上)\s*[。.]?\s*$", re.MULTILINE)
_HANZI = re.compile(r"[\u3400-\u9fff]")
_CHINESE_MARKS = re.compile(r"[，。；：？！（）、《》]")
_ENGLISH_WORD = re.compile(r"(?<![\w./@-])[A-Za-z]?[a-z]{3,}(?![\w/@-]|\.\w)")
# Titles of laws are quoted as they are.
_QUOTED = ("legal_basis", "basis")
_SUMMARY_HANZI = 24


def rules(service: Service, known: Known) -> Iterator[Finding]:
    found = texts(service)
    # One look at everything first: most services are clean, and there may be twenty thousand.
    chinese = "\n".join(text.zh for _, text in found)
    english = "\n".join(text.en for _, text in found)
    wary = bool(
        VAGUE.search(chinese)
        or _UNFINISHED.search(chinese)
        or _UNFINISHED.search(english)
        or _HANZI.search(english)
        or (not english.isascii() and _CHINESE_MARKS.search(english))
    )
    for path, text in found:
        if not wary and _HANZI.search(text.zh) and text.en and not text.en.isspace():
            continue
        place = ".".join(map(str, path))
        yield from _said(place, text)
        yield from _well_said(place, text, quoted=path[-1] in _QUOTED)
    if len(_HANZI.findall(service.summary.zh)) > _SUMMARY_HANZI:
        yield note(
            "summary.zh",
            f"超过 {_SUMMARY_HANZI} 个汉字，卡片上放不下",
            f"has more than {_SUMMARY_HANZI} hanzi: too long for a tile",
        )


def _said(place: str, text: Text) -> Iterator[Finding]:
    """In both languages."""
    if not text.zh.strip():
        yield fault(f"{place}.zh", "是空的；请写上中文", "is empty; write the sentence in this language")
    if not text.en.strip():
        yield fault(f"{place}.en", "是空的；请写上英文", "is empty; write the sentence in this language")
    if text.zh and _HANZI.search(text.zh) is None and _ENGLISH_WORD.search(text.zh):
        yield fault(f"{place}.zh", "中文里没有汉字；请译成中文", "holds no Chinese; translate it")


def _well_said(place: str, text: Text, *, quoted: bool) -> Iterator[Finding]:
    """Each in its language, whole, and exact. `quoted`: it names laws by their titles."""
    if found := _HANZI.search(text.en):
        yield fault(
            f"{place}.en",
            f"英文里有汉字“{found.group()}”；请译成英文",
            f"holds {found.group()!r}; translate it into English",
        )
    elif found := _CHINESE_MARKS.search(text.en):
        yield note(
            f"{place}.en",
            f"英文里有中文标点“{found.group()}”",
            f"holds the Chinese mark {found.group()!r}; use an English one",
        )
    if found := _UNFINISHED.search(text.zh) or _UNFINISHED.search(text.en):
        yield fault(
            place,
            f"“{found.group()}”不是内容；请写完",
            f"{found.group()!r} is a place-holder; write what it should say",
        )
    if not quoted and (found := VAGUE.search(text.zh)):
        yield fault(
            f"{place}.zh",
            f"“{found.group()}”含糊；请逐一写明，不用兜底条款",
            f"contains {found.group()!r}; name every one, catch-all clauses are not allowed",
        )


def texts(model: BaseModel) -> list[tuple[tuple[str | int, ...], Text]]:
    """Every text of a model with its path."""
    found: list[tuple[tuple[str | int, ...], Text]] = []
    _collect(model, (), found)
    return found


def _collect(value: Any, path: tuple[str | int, ...], found: list[tuple[tuple[str | int, ...], Text]]) -> None:
    if isinstance(value, Text):
        found.append((path, value))
    elif isinstance(value, BaseModel):
        for name in _speaking(type(value)):
            if inner := getattr(value, name):
                _collect(inner, (*path, name), found)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _collect(item, (*path, index), found)
    elif isinstance(value, dict):
        for key, item in value.items():
            _collect(item, (*path, key), found)


@cache
def _speaking(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields of a model that can hold texts: most of a service is not looked into."""
    return tuple(name for name, info in model.model_fields.items() if _may_speak(info.annotation))


def _may_speak(annotation: Any) -> bool:
    if annotation is Text:
        return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return bool(_speaking(annotation))
    return any(_may_speak(inner) for inner in getattr(annotation, "__args__", ()))
