"""No card number passes, however it is written; what a slip needs does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card_terminal.masking import LONGEST_LINE, blank_card_numbers, clean_line


@pytest.mark.parametrize(
    "number",
    [
        "6222990000123456",
        "6222 9900 0012 3456",
        "6222-9900-0012-3456-001",
        "6 2 2 2 9 9 0 0 0 0 1 2 3 4 5 6",
        "4222990000123",
        "６２２２９９００００１２３４５６",
        "6222.9900.0012.3456",
        "6222  9900  0012  3456",
        "6222\u00a09900\u00a00012\u00a03456",
        "6222\u2009\u20099900\u2009\u20090012\u2009\u20093456",
        "6222/9900/0012/3456",
        "6222_9900_0012_3456",
        "6222 - 9900 - 0012 - 3456",
        "6222\r\n99000012\r\n3456",
        "6222\u200b9900\u200b0012\u200b3456",
        "62:22:99:00:00:12:34:56",
        "6011/11/22 12:30:05",
        "2026/11/22 12:30:05123",
        "2026/11-22 12:30:05",
    ],
)
def test_card_numbers_are_blanked(number: str) -> None:
    line = clean_line(f"卡号:{number} 借记")
    assert not any(char.isdigit() for char in line)
    assert line.startswith("卡号:*")
    assert line.endswith(" 借记")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "卡号: 6222 99** **** 3456",
        "金额: RMB 12.50",
        "RMB 12.50 / 3.00",
        "凭证号: 000470",
        "凭证号: 000470 票据号: 0470",
        "终端号: 28004869",
        "2026/11/22 12:30:05",
        "2026/11/22 12:30",
        "11/22 12:30:05",
        "2026-11-22 12:30:05",
        "2026/11/22 12:30:05 000470",
        "日期/时间: 2026.11.22  12:30:05 批次 000012",
    ],
)
def test_what_a_slip_needs_stays(line: str) -> None:
    assert clean_line(line) == line


def test_lines_are_short_and_printable() -> None:
    assert clean_line("a\x1b[31m\x00b\r\n\ud800") == "a [31m b"
    assert len(clean_line("长" * 500)) == LONGEST_LINE


def _longest_number(text: str) -> int:
    """Digits in a row when all separators between them are left out; more than three separators end it, as a letter
    does."""
    digits = longest = separators = 0
    for char in text:
        if char.isdigit():
            digits, separators = digits + 1, 0
        else:
            separators += 1
            if char.isalpha() or separators > 3:
                digits = 0
        longest = max(longest, digits)
    return longest


@given(st.text(alphabet="0123456789５ -/_.:\r\n\u00a0\u3000\u200bX号", min_size=13, max_size=60))
def test_never_13_digits_in_a_row(text: str) -> None:
    assert _longest_number(blank_card_numbers(text)) < 13
    assert _longest_number(clean_line(text)) < 13


@given(st.text(alphabet=" -/_.:\t\u00a0\u3000", max_size=3), st.integers(1, 8), st.integers(13, 19))
def test_no_card_number_passes_however_it_is_grouped(between: str, group: int, length: int) -> None:
    number = ("622299" + "0" * 13)[:length]
    line = clean_line("卡号 " + between.join(number[at : at + group] for at in range(0, length, group)))
    assert not any(char.isdigit() for char in line)


def test_the_count_of_digits_can_fail() -> None:
    assert _longest_number("6222--99/00_0012 . 345") == 15
    assert _longest_number("622299    0000123") == 7
