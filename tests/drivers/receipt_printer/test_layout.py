from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.receipt_printer.layout import Align, Row, clean, in_printer_font, rows_of, text_columns, wrap
from drivers.receipt_printer.port import Heading, Line, Pair, Rule


def test_columns() -> None:
    assert text_columns("abc") == 3
    assert text_columns("合计：￥1.00") == 12
    assert text_columns("𠮷") == 2
    assert text_columns("é") == text_columns("é") == 2 - (not in_printer_font("é"))


@pytest.mark.parametrize("char", "A~ 测（，。《》￥“…·㐀"[:-1])
def test_in_every_chinese_printer(char: str) -> None:
    assert in_printer_font(char)


@pytest.mark.parametrize("char", "𠮷㐀䶮🙂\ue000€")
def test_not_in_every_chinese_printer(char: str) -> None:
    assert not in_printer_font(char)


@pytest.mark.parametrize("columns", [48, 32])
def test_pair_fills_the_line(columns: int) -> None:
    [row] = rows_of(Pair("户号", "12**89"), columns)
    assert text_columns(row.text) == columns
    assert row.text.startswith("户号 ")
    assert row.text.endswith(" 12**89")


def test_pair_that_does_not_fit_takes_two_lines() -> None:
    rows = rows_of(Pair("办理机构", "市社会保险基金管理中心第一分中心"), 32)
    assert rows == [Row("办理机构"), Row("市社会保险基金管理中心第一分中心", align=Align.RIGHT)]


def test_large_pair_has_half_the_columns() -> None:
    [row] = rows_of(Pair("合计", "￥128.50", large=True), 48)
    assert row.scale == 2
    assert text_columns(row.text) == 24


def test_heading_and_rule() -> None:
    assert rows_of(Heading("缴费凭条"), 48) == [Row("缴费凭条", scale=2, align=Align.CENTER)]
    assert rows_of(Rule(), 32) == [Row("-" * 32)]
    assert [r.text for r in rows_of(Heading("一二三四五六七八九"), 32)] == ["一二三四五六七八", "九"]


def test_words_stay_whole_and_punctuation_stays_behind() -> None:
    assert wrap("please keep this receipt", 10) == ["please", "keep this", "receipt"]
    assert wrap("一二三四五，六", 10) == ["一二三四", "五，六"]
    assert wrap("ABCDEFGHIJKLMNOP", 10) == ["ABCDEFGHIJ", "KLMNOP"]
    assert wrap("", 10) == [""]
    assert wrap("甲\n乙", 10) == ["甲", "乙"]


def test_control_characters_never_reach_the_printer() -> None:
    assert clean("a\x1b@\x10\x04\x01b\tc\u00a0d\x00") == "a@b c d"
    [row] = rows_of(Line("\x1d\x56\x00"), 48)
    assert row.text == "V"


@given(
    st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("测试，。（ab 1")), max_size=80), st.integers(2, 48)
)
def test_wrap_keeps_every_character_and_the_width(text: str, columns: int) -> None:
    cleaned = clean(text)
    lines = wrap(cleaned, columns)
    assert "".join(lines).replace(" ", "") == cleaned.replace("\n", "").replace(" ", "")
    assert all(text_columns(line) <= columns for line in lines)
