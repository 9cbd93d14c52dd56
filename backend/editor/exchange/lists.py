"""Lists inside an item (materials, charges, special procedures, results): objects in JSON, JSON text in a CSV cell."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.editor.bodies import Body
from backend.editor.exchange.values import CellFault
from backend.editor.form import condition, condition_text, get
from backend.editor.form import put as put_in

_MOST = 200


@dataclass(frozen=True)
class Member:
    """One name of an object and its place in the entry. `words`: what the interface calls our values. `kind`: "text"
    for a plain string, "number", "words" for several, "when" for a condition."""

    name: str
    path: str
    words: Mapping[str, str] = field(default_factory=dict)
    kind: str = "text"
    default: str = ""


@dataclass(frozen=True)
class ListShape:
    """`key`: what tells one entry from another. Of an entry with the same key (or name) what is not named is kept:
    other systems know no English and no conditions."""

    members: tuple[Member, ...]
    key: str
    new_id: str = ""  # the stem of ids for entries that bring none

    def write(self, entries: Sequence[Body]) -> list[dict[str, Any]]:
        found = []
        for entry in entries:
            values = {member.name: _out(member, entry) for member in self.members}
            found.append({name: value for name, value in values.items() if value not in ("", [])})
        return found

    def read(self, cell: Any, held: Sequence[Body]) -> list[Body]:
        """Raises CellFault."""
        given = _given(cell)
        known = {str(get(entry, self.key)): entry for entry in held}
        unnamed = {str(get(entry, "name.zh")): entry for entry in held}
        names = {member.name for member in self.members}
        found: list[Body] = []
        for number, one in enumerate(given, 1):
            if not isinstance(one, dict):
                raise CellFault(f"第 {number} 项应是对象", f"entry {number} must be an object")
            if strange := [name for name in one if name not in names]:
                raise CellFault(
                    f"第 {number} 项没有“{str(strange[0])[:40]}”；可用 {'、'.join(sorted(names))}",
                    f"entry {number} has no {str(strange[0])[:40]!r}; use {', '.join(sorted(names))}",
                )
            own_id = str(one.get("id", "")) if self.new_id else str(one.get("name", ""))
            entry = copy.deepcopy(known.get(own_id) or unnamed.get(str(one.get("name", ""))) or {})
            for member in self.members:
                if member.name in one:
                    _in(member, entry, one[member.name], number)
            if self.new_id and not entry.get("id"):
                entry["id"] = f"{self.new_id}-{number}"
            found.append(entry)
        return found


def _given(cell: Any) -> list[Any]:
    if isinstance(cell, str):
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError):
            raise CellFault(
                "不是 JSON 列表；请从导出的文件里照样修改", "is no JSON list; change it as the exported file has it"
            ) from None
    if not isinstance(cell, list) or len(cell) > _MOST:
        raise CellFault(f"应是列表，至多 {_MOST} 项", f"must be a list of at most {_MOST}")
    return cell


def _out(member: Member, entry: Body) -> Any:
    value = get(entry, member.path)
    if member.kind == "when":
        return condition_text(value)
    if member.kind == "words":
        return [member.words.get(str(one), str(one)) for one in value or []]
    text = member.default if value is None else str(value)
    return member.words.get(text, text)


def _in(member: Member, entry: Body, value: Any, number: int) -> None:
    """An empty value takes away what stood there."""
    if isinstance(value, bool) or not isinstance(value, str | int | list | None):
        raise CellFault(f"第 {number} 项的 {member.name} 应是文字", f"{member.name} of entry {number} must be text")
    if member.kind == "words":
        given = value if isinstance(value, list) else [] if value is None else [value]
        several = [_ours(member, str(one), number) for one in given]
        put_in(entry, member.path, several or None)
        return
    if isinstance(value, list):
        raise CellFault(f"第 {number} 项的 {member.name} 应是文字", f"{member.name} of entry {number} must be text")
    text = "" if value is None else str(value)
    if member.kind == "when":
        put_in(entry, member.path, condition(text) or None)
    elif not text:
        put_in(entry, member.path, None)
    else:
        ours: Any = _ours(member, text, number)
        held = get(entry, member.path)
        if ours == (str(held) if held is not None else member.default):
            return  # as it was; numbers stay numbers
        if member.path.endswith((".zh", ".en")):
            pair = get(entry, member.path[:-3])
            filled = {"zh": "", "en": ""} | (pair if isinstance(pair, dict) else {})
            put_in(entry, member.path[:-3], filled | {member.path[-2:]: ours})
        else:
            put_in(entry, member.path, ours)


def _ours(member: Member, text: str, number: int) -> str:
    if not member.words:
        return text
    for ours, theirs in member.words.items():
        if text in (ours, theirs):
            return ours
    raise CellFault(
        f"第 {number} 项的 {member.name}“{text[:40]}”不对；可用 {'、'.join(member.words.values())}",
        f"{member.name} of entry {number}, {text[:40]!r}: use one of {', '.join(member.words.values())}",
    )


def _both(name: str, path: str) -> tuple[Member, Member]:
    return Member(name, f"{path}.zh"), Member(f"{name}_en", f"{path}.en")


_UNIT = {"working": "工作日", "calendar": "自然日"}
MATERIALS = ListShape(
    (
        Member("id", "id"),
        *_both("name", "name"),
        Member("source", "source", {"applicant": "申请人自备", "government": "政府部门核发", "other": "其他"}),
        Member("form", "form", {"original": "原件", "copy": "复印件", "electronic": "电子"}, default="original"),
        Member("copies", "copies", default="1"),
        Member(
            "necessity",
            "necessity",
            {"required": "必要", "optional": "非必要", "deferrable": "容缺后补"},
            default="required",
        ),
        Member("collect", "collect", {"none": "不收", "scan": "本机扫描", "bring": "窗口出示"}, default="none"),
        *_both("e_cert", "replaced_by"),
        Member("fetched_by", "fetched_by"),
        *_both("fill_guide", "hint"),
        *_both("basis", "basis"),
        Member("sample", "sample"),
        Member("when", "when", kind="when"),
    ),
    key="id",
    new_id="material",
)
FEES = ListShape(
    (
        *_both("name", "name"),
        Member("standard_fen", "amount_fen"),
        *_both("basis", "basis"),
        *_both("reducible", "reducible"),
        Member("when", "when", kind="when"),
    ),
    key="name.zh",
)
SPECIAL = ListShape(
    (
        *_both("name", "name"),
        Member("limit_day", "limit.days"),
        Member("limit_type", "limit.unit", _UNIT),
        *_both("basis", "basis"),
    ),
    key="name.zh",
)
RESULTS = ListShape(
    (
        *_both("name", "name"),
        Member(
            "type",
            "kind",
            {
                "paper": "纸质",
                "e-certificate": "电子证照",
                "card": "卡证",
                "receipt": "凭条",
                "ticket": "号票",
                "none": "无",
            },
        ),
        Member(
            "delivery",
            "delivery",
            {
                "printed-here": "当场打印",
                "counter": "窗口自取",
                "locker": "取件柜",
                "courier": "邮寄",
                "electronic": "电子送达",
            },
            kind="words",
        ),
    ),
    key="name.zh",
)
