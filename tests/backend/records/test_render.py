"""A department's answer in words."""

from __future__ import annotations

from typing import Any

import pytest

from backend.records.render import render
from content.schema.outputs import Record
from content.schema.text import Text

RECORD = Record.model_validate(
    {
        "entries": [
            {"label": {"zh": "单位", "en": "Employer"}, "value": "employer", "private": True},
            {"label": {"zh": "用途", "en": "Purpose"}, "value": "purpose"},
        ],
        "table": {
            "rows": "lines",
            "columns": [
                {"label": {"zh": "月份", "en": "Month"}, "value": "month", "format": "month"},
                {
                    "label": {"zh": "业务", "en": "Entry"},
                    "value": "deed",
                    "format": "words",
                    "words": {"pay-in": {"zh": "缴存", "en": "deposit"}},
                },
                {"label": {"zh": "金额", "en": "Amount"}, "value": "fen", "format": "fen", "private": True},
            ],
            "empty": {"zh": "没有查到", "en": "Nothing was found"},
        },
        "note": {"zh": "以登记为准", "en": "As registered"},
    }
)
LINE = {"month": "2026-09", "deed": "pay-in", "fen": 123456}


def shown(**changes: Any) -> dict[str, Any]:
    return {"zh": "标", "en": "label"} | changes


def word(value: Any, **how: Any) -> tuple[str, str]:
    record = Record.model_validate({"entries": [{"label": shown(), "value": "x", **how}]})
    text = render(record, {"x": value}).entries[0].text
    return text.zh, text.en


@pytest.mark.parametrize(
    ("value", "how", "zh", "en"),
    [
        ("示范公司", {}, "示范公司", "示范公司"),
        (None, {}, "—", "—"),
        ("", {"format": "date"}, "—", "—"),
        (0, {"format": "fen"}, "¥0.00", "¥0.00"),
        (1230, {"format": "fen"}, "¥12.30", "¥12.30"),
        (6432100, {"format": "fen"}, "¥64,321.00", "¥64,321.00"),
        (-1800005, {"format": "fen"}, "-¥18,000.05", "-¥18,000.05"),
        ("2026-09", {"format": "month"}, "2026.09", "2026.09"),
        ("2026-09-03", {"format": "date"}, "2026年9月3日", "3 September 2026"),
        ("2026-09-03T10:00:00+08:00", {"format": "date"}, "2026年9月3日", "3 September 2026"),
        (
            "long-term",
            {"format": "date", "words": {"long-term": {"zh": "长期", "en": "long-term"}}},
            "长期",
            "long-term",
        ),
        (12, {"format": "number", "unit": {"zh": "个月", "en": "months"}}, "12 个月", "12 months"),
        ("2.5", {"format": "number"}, "2.5", "2.5"),
        (True, {"format": "words", "words": {"true": {"zh": "是", "en": "yes"}}}, "是", "yes"),
        ("new-word", {"format": "words", "words": {"old": {"zh": "旧", "en": "old"}}}, "new-word", "new-word"),
    ],
)
def test_formats(value: Any, how: dict[str, Any], zh: str, en: str) -> None:
    assert word(value, **how) == (zh, en)


@pytest.mark.parametrize(
    ("value", "how"),
    [
        ("2026-13", {"format": "month"}),
        ("soon", {"format": "date"}),
        ("12.30", {"format": "fen"}),
        (12.3, {"format": "fen"}),
        (True, {"format": "fen"}),
        ("many", {"format": "number"}),
        ({"a": 1}, {}),
        (["a"], {}),
    ],
)
def test_nonsense_is_not_shown(value: Any, how: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        word(value, **how)


def test_a_record_with_rows() -> None:
    made = render(RECORD, {"employer": "示范公司", "lines": [LINE]}, {"purpose": Text("购房", "a home")})
    assert [(entry.label.zh, entry.text.zh, entry.private) for entry in made.entries] == [
        ("单位", "示范公司", True),
        ("用途", "购房", False),  # what was asked for, not what was answered
    ]
    assert made.table is not None
    assert [[cell.en for cell in row] for row in made.table.rows] == [["2026.09", "deposit", "¥1,234.56"]]
    assert [column.private for column in made.table.columns] == [False, False, True]
    assert made.note == Text("以登记为准", "As registered")
    assert "示范公司" not in repr(made)


@pytest.mark.parametrize(
    "answer",
    [
        {"lines": []},
        {"employer": "x"},
        {"employer": "x", "lines": {}},
        {"employer": "x", "lines": [{**LINE, "fen": None, "month": 9}]},
        {"employer": "x", "lines": [{"month": "2026-09"}]},
        {"employer": "x", "lines": [LINE] * 2001},
    ],
)
def test_an_answer_out_of_shape(answer: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        render(RECORD, answer, {"purpose": Text.same("x")})
