"""A department's answer in words, as `content.schema.outputs.Record` declares it. For the screen and for paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from content.schema.outputs import Record, Shown
from content.schema.text import Text

NOTHING = Text.same("—")
MASKED = Text.same("****")
_MOST_ROWS = 2000  # of a table; nobody reads more, and no printer prints it


@dataclass(frozen=True)
class Entry:
    """One value under its label."""

    label: Text
    text: Text = field(repr=False)
    private: bool = False


@dataclass(frozen=True)
class Column:
    label: Text
    private: bool = False


@dataclass(frozen=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[tuple[Text, ...], ...] = field(repr=False)
    empty: Text


@dataclass(frozen=True)
class Rendered:
    """`table` None: the record has none."""

    entries: tuple[Entry, ...]
    table: Table | None
    note: Text | None


def render(record: Record, answer: Mapping[str, Any], form: Mapping[str, Text] | None = None) -> Rendered:
    """`form`: words of the request's own values, shown where `Shown.value` names one of them.

    Raises KeyError, TypeError or ValueError for an answer out of shape.
    """
    entries = tuple(
        Entry(shown.label, (form or {})[shown.value], shown.private)
        if form and shown.value in form and shown.value not in answer
        else Entry(shown.label, words(shown, answer[shown.value]), shown.private)
        for shown in record.entries
    )
    table = None
    if record.table is not None:
        rows = answer[record.table.rows]
        if not isinstance(rows, list):
            raise TypeError("rows are a list")
        if len(rows) > _MOST_ROWS:
            raise ValueError("too many rows")
        table = Table(
            tuple(Column(shown.label, shown.private) for shown in record.table.columns),
            tuple(tuple(words(shown, row[shown.value]) for shown in record.table.columns) for row in rows),
            record.table.empty,
        )
    return Rendered(entries, table, record.note)


def words(shown: Shown, value: Any) -> Text:
    """One value. What `words` names is said so whatever the format; nothing is a dash."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, dict | list):
        raise TypeError("a single value is wanted")
    plain = str(value).lower() if isinstance(value, bool) else str(value)
    if plain in shown.words:
        return shown.words[plain]
    match shown.format:
        case "month":
            return Text.same(_month(plain))
        case "date":
            return _date(plain)
        case "fen":
            return Text.same(_yuan(value))
        case "number":
            return _number(value, shown.unit)
        case _:
            # A keyword the content does not know is shown as the department wrote it, never left out.
            return Text.same(plain)


def _month(text: str) -> str:
    year, month = text.split("-")
    return f"{date(int(year), int(month), 1):%Y.%m}"


def _date(text: str) -> Text:
    day = date.fromisoformat(text[:10])
    return Text(f"{day.year}年{day.month}月{day.day}日", f"{day.day} {day:%B} {day.year}")


def _yuan(value: Any) -> str:
    if type(value) is not int:
        raise TypeError("money is integer fen")
    yuan, fen = divmod(abs(value), 100)
    return f"{'-' if value < 0 else ''}¥{yuan:,}.{fen:02d}"


def _number(value: Any, unit: Text | None) -> Text:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("a number is wanted")
    float(value)
    return Text.same(str(value)) if unit is None else Text(f"{value} {unit.zh}", f"{value} {unit.en}")
