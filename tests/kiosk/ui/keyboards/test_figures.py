"""Digits, dates, amounts: only what can become right is taken, and every right value can be written."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.schema.text import Text
from kiosk.service_screens import FieldKind, FormEntry
from kiosk.ui.keyboards.figures import complete, draft_of, length, push, shown, value

KEYS = [*"0123456789", ".", "X"]


def field(kind: FieldKind, **more: int) -> FormEntry:
    return FormEntry("field", kind, Text.same("field"), **more)


DATE, AMOUNT, PHONE, ID = (
    field(FieldKind.DATE),
    field(FieldKind.AMOUNT),
    field(FieldKind.PHONE),
    field(FieldKind.ID_NUMBER),
)


def typed(entry: FormEntry, keys: str) -> str:
    draft = ""
    for key in keys:
        draft = push(entry, draft, key) or draft
    return draft


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_date_can_be_typed_by_its_eight_digits(day: date) -> None:
    draft = typed(DATE, f"{day:%Y%m%d}")
    assert value(DATE, draft) == day.isoformat()
    assert complete(DATE, draft)
    assert draft_of(DATE, day.isoformat()) == draft


@given(st.lists(st.sampled_from(KEYS), max_size=30))
def test_whatever_keys_are_touched_the_date_is_a_date_when_it_is_complete(keys: list[str]) -> None:
    draft = typed(DATE, "".join(keys))
    assert draft_of(DATE, value(DATE, draft)) == draft
    if complete(DATE, draft):
        assert date.fromisoformat(value(DATE, draft)).year in range(1900, 2100)
    else:
        assert any(push(DATE, draft, key) for key in KEYS)  # never a dead end


@pytest.mark.parametrize(
    ("keys", "draft"),
    [
        ("195135", "19510305"),
        ("195115", "19510105"),
        ("2024", "2024"),
        ("20240230", "20240203"),
        ("20230229", "2023022"),
        ("20240431", "2024043"),
        ("20240300", "2024030"),
    ],
)
def test_a_zero_that_goes_without_saying_is_added(keys: str, draft: str) -> None:
    assert typed(DATE, keys) == draft


@given(st.integers(0, 99_999_999_999))
def test_amounts_are_fen(fen: int) -> None:
    draft = draft_of(AMOUNT, str(fen))
    assert typed(AMOUNT, draft) == draft
    assert value(AMOUNT, draft) == str(fen)


@given(st.lists(st.sampled_from(KEYS), max_size=30))
def test_an_amount_is_always_a_number_with_two_places_at_most(keys: list[str]) -> None:
    draft = typed(AMOUNT, "".join(keys))
    assert len(draft) <= length(AMOUNT)
    assert value(AMOUNT, draft).isdigit() or draft == ""
    assert len(draft.partition(".")[2]) <= 2


def test_amounts_as_they_are_typed() -> None:
    assert [value(AMOUNT, d) for d in ("", "0", "0.", "12", "12.", "12.5", "12.50")] == [
        "",
        "0",
        "0",
        "1200",
        "1200",
        "1250",
        "1250",
    ]
    assert typed(AMOUNT, "007") == "7"
    assert typed(AMOUNT, ".5") == "0.5"


def test_the_check_character_is_the_last_only() -> None:
    assert typed(ID, "X51999919900101001X") == "51999919900101001X"
    assert push(ID, "519999199001010017", "1") is None
    assert push(PHONE, "", "2") is None
    assert typed(PHONE, "138000000001") == "13800000000"


def test_values_as_they_are_read() -> None:
    assert shown(DATE, "1951-03-05") == Text("1951 年 3 月 5 日", "5 Mar 1951")
    assert shown(DATE, "1951-0") == Text("1951 年 0 月", "1951 0")
    assert shown(AMOUNT, "1234550") == Text("12,345.50 元", "¥ 12,345.50")
    assert shown(PHONE, "13800000000") == Text.same("138 0000 0000")
    assert shown(ID, "519999199001010017") == Text.same("519999 19900101 0017")
    assert shown(field(FieldKind.DIGITS, max_length=19), "6222021234567890123") == Text.same("6222 0212 3456 7890 123")
