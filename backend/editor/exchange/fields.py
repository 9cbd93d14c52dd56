"""The columns: names of the national interface, what of a body they hold, and how they are written back.

Names with `_en` and a few others (`menkou_id`, `summary`, `keywords`, `…_explain`) are ours: the interface knows one
language only. An empty cell says nothing, `-` takes an optional value away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from backend.editor.bodies import Body
from backend.editor.exchange.lists import FEES, MATERIALS, RESULTS, SPECIAL, ListShape
from backend.editor.exchange.values import CellFault
from backend.editor.form import get
from backend.editor.form import put as put_in

Pair = tuple[str, str]
CLEAR = "-"


@dataclass(frozen=True)
class Column:
    """`read`: the cell of a body, a string (a list for `shape`). `write`: into the body; None: said only, not taken.
    `check`: what must hold of the whole row afterwards. Both raise CellFault."""

    name: str
    words: Pair
    read: Callable[[Body], Any]
    write: Callable[[Body, Any], None] | None = None
    check: Callable[[Body, str], None] | None = None
    shape: ListShape | None = None


def _text(name: str, path: str, zh: str, en: str) -> list[Column]:
    """A sentence: the interface's column, and ours for English."""

    def column(suffix: str, language: str, words: Pair) -> Column:
        def write(body: Body, cell: str) -> None:
            if cell == CLEAR:
                raise CellFault("不能清空；请写内容", "cannot be taken away; write what it should say")
            pair = get(body, path)
            put_in(body, path, {"zh": "", "en": ""} | (pair if isinstance(pair, dict) else {}) | {language: cell})

        return Column(name + suffix, words, lambda body: _said(get(body, f"{path}.{language}")), write)

    return [column("", "zh", (zh, en)), column("_en", "en", (f"{zh}（英文）", f"{en} (English)"))]


def _plain(name: str, path: str, zh: str, en: str, pattern: str = "", what: Pair = ("", "")) -> Column:
    def write(body: Body, cell: str) -> None:
        value = cell.strip()
        if value == CLEAR:
            put_in(body, path, None)
        elif pattern and not re.fullmatch(pattern, value):
            raise CellFault(f"“{value[:40]}”不对；{what[0]}", f"{value[:40]!r} does not fit; {what[1]}")
        elif str(get(body, path)) != value:
            put_in(body, path, value)

    return Column(name, (zh, en), lambda body: _said(get(body, path)), write)


def _day(name: str, path: str, zh: str, en: str) -> Column:
    def write(body: Body, cell: str) -> None:
        value = cell.strip()
        if value == CLEAR:
            put_in(body, path, None)
            return
        try:
            put_in(body, path, date.fromisoformat(value.replace("/", "-")).isoformat())
        except ValueError:
            raise CellFault(
                f"“{value[:40]}”不是日期；请写成 2026-11-22", f"{value[:40]!r} is no date; write it as 2026-11-22"
            ) from None

    return Column(name, (zh, en), lambda body: _said(get(body, path)), write)


def _coded(name: str, path: str, zh: str, en: str, codes: Mapping[str, str], default: str = "") -> Column:
    """A number of the interface for a word of ours."""
    back = {word: code for code, word in codes.items()}

    def write(body: Body, cell: str) -> None:
        value = cell.strip().removesuffix(".0")
        if value == CLEAR and not default:
            put_in(body, path, None)
        elif value not in codes:
            raise CellFault(
                f"“{value[:40]}”不对；可用 {'、'.join(codes)}", f"{value[:40]!r}: use one of {', '.join(codes)}"
            )
        elif codes[value] != (get(body, path) or default):
            put_in(body, path, codes[value])

    def read(body: Body) -> str:
        parent = path.rpartition(".")[0]
        if parent and get(body, parent) is None:
            return ""
        return back.get(str(get(body, path) or default), "")

    return Column(name, (zh, en), read, write)


def _audience(body: Body, cell: str) -> None:
    numbers = [one for one in re.split(r"[\s,，、;；|]+", cell.strip()) if one]
    if not numbers or any(one not in _SERVER_TYPES for one in numbers):
        raise CellFault(
            f"“{cell[:40]}”不对；可用 {'、'.join(_SERVER_TYPES)}，多个用逗号分开",
            f"{cell[:40]!r}: use {', '.join(_SERVER_TYPES)}, several with commas",
        )
    chosen = [_SERVER_TYPES[one] for one in numbers]
    if chosen != (get(body, "audience") or ["natural-person"]):
        put_in(body, "audience", chosen)


def _keywords(body: Body, cell: str) -> None:
    words = [one for one in re.split(r"[\s,，、;；]+", cell.strip()) if one]
    put_in(body, "keywords", None if cell.strip() == CLEAR else words)


def _supervise(body: Body, cell: str) -> None:
    """Ours is one text of how to ask and where to complain."""
    contact = str(get(body, "guide.contact.zh") or "")
    if cell.strip() != CLEAR and cell not in contact:
        put_in(body, "guide.contact.zh", f"{contact}；{cell}" if contact else cell)


def _list(name: str, path: str, zh: str, en: str, shape: ListShape) -> Column:
    def write(body: Body, cell: Any) -> None:
        if cell == CLEAR:
            put_in(body, path, None)
            return
        held = get(body, path)
        entries = shape.read(cell, held if isinstance(held, list) else [])
        if entries != (held or []):
            put_in(body, path, entries or None)

    def read(body: Body) -> Any:
        held = get(body, path)
        return shape.write(held if isinstance(held, list) else [])

    return Column(name, (zh, en), read, write, shape=shape)


def _check_project(body: Body, cell: str) -> None:
    if cell.strip().removesuffix(".0") not in ("", _project(body)):
        raise CellFault(
            "与承诺办结时限不符：1 即办件的承诺天数为 0，2 承诺件大于 0",
            "contradicts promise_day: 1 (at once) has 0 days, 2 (promised) more",
        )


def _check_fee(body: Body, cell: str) -> None:
    if cell.strip().removesuffix(".0") not in ("", _is_fee(body)):
        raise CellFault(
            "与 fees 不符：1 须列出收费项目，0 不得有", "contradicts fees: 1 needs its charges listed, 0 has none"
        )


def _project(body: Body) -> str:
    days = get(body, "limits.promised.days")
    return "" if days is None else "1" if str(days) == "0" else "2"


def _is_fee(body: Body) -> str:
    return "1" if any(str(fee.get("amount_fen")) != "0" for fee in get(body, "fees") or []) else "0"


def _said(value: Any) -> str:
    return "" if value is None else str(value)


_SERVER_TYPES = {
    "1": "natural-person",
    "2": "enterprise",
    "3": "public-institution",
    "4": "social-organisation",
    "5": "unincorporated",
    "6": "state-organ",
    "9": "other",
}
_AUDIENCES = {word: code for code, word in _SERVER_TYPES.items()}
_UNITS = {"1": "working", "2": "calendar"}
_WHOLE: Pair = ("请写整数", "write a whole number")

COLUMNS: tuple[Column, ...] = (
    Column("menkou_id", ("本系统编号", "Id here"), lambda body: _said(body.get("id"))),
    Column(
        "row_guid",
        ("记录编号", "Record id"),
        lambda body: str(uuid5(NAMESPACE_URL, f"urn:menkou:item:{body.get('id')}")),
    ),
    _plain(
        "catalog_code", "codes.catalog_code", "基本编码", "Catalogue code", r"\d{12}", ("应为 12 位数字", "12 digits")
    ),
    _plain(
        "task_code",
        "codes.task_code",
        "实施编码",
        "Task code",
        r"[0-9A-HJ-NPQRTUWXY]{18}[1-6]\d{12}",
        ("应为 31 位：信用代码、层级、基本编码", "31 characters: credit code, level, catalogue code"),
    ),
    _plain(
        "task_handle_item",
        "codes.task_handle_item",
        "业务办理项编码",
        "Handling code",
        r"[0-9A-HJ-NPQRTUWXY]{18}[1-6]\d{14}",
        ("应为 33 位：实施编码加两位序号", "33 characters: the task code and two digits"),
    ),
    *_text("task_name", "title", "事项名称", "Title"),
    _plain(
        "task_type", "codes.task_type", "事项类型", "Type", r"01|05|07|08|09|10|20",
        ("可用 01 05 07 08 09 10 20", "one of 01 05 07 08 09 10 20"),
    ),
    Column("task_version", ("版本号", "Version"), lambda body: _said(body.get("version"))),
    Column("task_state", ("状态", "State"), lambda body: "1"),
    _day("plan_effective_date", "effective.since", "计划生效日期", "In force from"),
    _day("plan_cancel_date", "effective.until", "计划取消日期", "In force until"),
    *_text("by_law", "guide.legal_basis", "设定依据", "Legal basis"),
    Column("use_level", ("行使层级", "Level"), lambda body: _said(get(body, "codes.task_code"))[18:19]),
    *_text("dept_name", "agency.name", "实施主体", "Agency"),
    _plain(
        "dept_code",
        "agency.uscc",
        "实施主体编码",
        "Agency's credit code",
        r"[0-9A-HJ-NPQRTUWXY]{18}",
        ("应为 18 位统一社会信用代码", "an 18-character social credit code"),
    ),
    Column(
        "server_type",
        ("服务对象", "For whom"),
        lambda body: ",".join(_AUDIENCES.get(str(one), "") for one in get(body, "audience") or ["natural-person"]),
        _audience,
    ),
    Column("project_type", ("办件类型", "At once or promised"), _project, check=_check_project),
    *_text("accept_condition", "guide.conditions", "受理条件", "Conditions"),
    *_text("handle_flow", "guide.procedure", "办理流程", "Procedure"),
    _plain("anticipate_day", "limits.statutory.days", "法定办结时限", "Statutory days", r"\d{1,4}", _WHOLE),
    _coded("anticipate_type", "limits.statutory.unit", "法定时限单位", "Statutory unit", _UNITS, "working"),
    _plain("promise_day", "limits.promised.days", "承诺办结时限", "Promised days", r"\d{1,4}", _WHOLE),
    _coded("promise_type", "limits.promised.unit", "承诺时限单位", "Promised unit", _UNITS, "working"),
    *_text("promise_explain", "guide.time_limit", "承诺时限说明", "How long it takes"),
    _list("special_procedure", "limits.special", "特别程序", "Special procedures", SPECIAL),
    _plain("limit_scene_num", "visits", "到办事现场次数", "Visits", r"\d{1,2}", _WHOLE),
    Column("handle_type", ("办理形式", "How it is handled"), lambda body: "4"),
    *_text("link_way", "guide.contact", "咨询方式", "Contact"),
    Column(
        "supervise_way", ("监督投诉方式", "Complaints"), lambda body: _said(get(body, "guide.contact.zh")), _supervise
    ),
    Column("is_fee", ("是否收费", "Is it charged"), _is_fee, check=_check_fee),
    *_text("fee_basis", "guide.fees", "收费依据", "Fees and their basis"),
    _list("fees", "fees", "收费项目", "Charges", FEES),
    *_text("limit_explain", "guide.quota", "数量限制", "How many are granted"),
    *_text("material_explain", "guide.materials", "申请材料说明", "What to bring"),
    _list("materials", "materials", "申请材料", "Materials", MATERIALS),
    *_text("result_explain", "guide.result", "审批结果说明", "What you get"),
    _list("results", "results", "审批结果", "Results", RESULTS),
    *_text("notes", "guide.notes", "注意事项", "Notes"),
    *_text("summary", "summary", "一句话说明", "Summary"),
    Column("keywords", ("搜索词", "Keywords"), lambda body: "、".join(get(body, "keywords") or []), _keywords),
)  # fmt: skip
BY_NAME: dict[str, Column] = {column.name: column for column in COLUMNS}


def row_of(body: Body) -> dict[str, Any]:
    """Every column of a body."""
    return {column.name: column.read(body) for column in COLUMNS}


def write_row(body: Body, cells: Mapping[str, Any], names: Sequence[str]) -> list[tuple[str, CellFault]]:
    """Into the body, in the columns' order; (column, fault) of what does not fit."""
    faults: list[tuple[str, CellFault]] = []
    wanted = [column for column in COLUMNS if column.name in names]
    for column in wanted:
        cell = cells.get(column.name)
        if cell in (None, "") or column.write is None:
            continue
        try:
            if column.shape is None and not isinstance(cell, str):
                raise CellFault("应是文字", "must be text")
            column.write(body, cell)
        except CellFault as fault:
            faults.append((column.name, fault))
    for column in wanted:
        cell = cells.get(column.name)
        if column.check is None or cell in (None, "") or faults:
            continue
        try:
            column.check(body, str(cell))
        except CellFault as fault:
            faults.append((column.name, fault))
    return faults
