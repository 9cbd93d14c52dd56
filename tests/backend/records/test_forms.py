"""The fence behind the terminal's own checks."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter

from backend.records.forms import UNKNOWN, wrong_field
from content.schema.forms import FormField
from tests.backend.hall import choice, text

TODAY = date(2026, 11, 22)
FIELDS: list[FormField] = TypeAdapter(list[FormField]).validate_python(
    [
        choice("purpose", home="购房", work="求职"),
        {
            "kind": "text",
            "name": "work_place",
            "label": text("单位"),
            "max_length": 10,
            "required": False,
            "when": {"purpose": ["work"]},
        },
        {
            "kind": "number",
            "name": "account",
            "label": text("户号"),
            "question": text("户号"),
            "hint": text("户号"),
            "error": text("户号"),
            "pattern": r"\d{4}",
            "max_length": 4,
            "required": False,
        },
        {"kind": "date", "name": "since", "label": text("起"), "earliest": "-10", "latest": "+0", "required": False},
        {"kind": "id-number", "name": "child", "label": text("孩子"), "required": False},
        {"kind": "amount", "name": "sum", "label": text("金额"), "most_fen": 5000, "least_fen": 10, "required": False},
    ]
)
WELL = {"purpose": "home"}


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        (WELL, None),
        ({}, "purpose"),
        ({"purpose": "fun"}, "purpose"),
        ({"purpose": ""}, "purpose"),
        ({**WELL, "more": "x"}, UNKNOWN),
        ({**WELL, "work_place": "x"}, UNKNOWN),  # not asked of who buys a home
        ({"purpose": "work", "work_place": "示范公司"}, None),
        ({"purpose": "work", "work_place": "a\nb"}, None),
        ({"purpose": "work", "work_place": "a\x00b"}, "work_place"),
        ({"purpose": "work", "work_place": "x" * 11}, "work_place"),
        ({**WELL, "account": ""}, None),
        ({**WELL, "account": "1234"}, None),
        ({**WELL, "account": "1234\n"}, "account"),
        ({**WELL, "account": "12345"}, "account"),
        ({**WELL, "since": "2026-11-22"}, None),
        ({**WELL, "since": "2026-11-23"}, "since"),
        ({**WELL, "since": "2026-11-11"}, "since"),
        ({**WELL, "since": "2026-02-30"}, "since"),
        ({**WELL, "child": "519999199001010017"}, None),
        ({**WELL, "child": "519999199001010018"}, "child"),
        ({**WELL, "sum": "10"}, None),
        ({**WELL, "sum": "9"}, "sum"),
        ({**WELL, "sum": "5001"}, "sum"),
        ({**WELL, "sum": "1e3"}, "sum"),
    ],
)
def test_what_fits(form: dict[str, Any], wrong: str | None) -> None:
    assert wrong_field(FIELDS, form, {}, TODAY) == wrong


def test_a_form_that_is_not_finished() -> None:
    assert wrong_field(FIELDS, {}, {}, TODAY, whole=False) is None
    assert wrong_field(FIELDS, {"purpose": "fun"}, {}, TODAY, whole=False) == "purpose"
