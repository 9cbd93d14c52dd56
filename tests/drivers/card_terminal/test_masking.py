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
    ],
)
def test_card_numbers_are_blanked(number: str) -> None:
    line = clean_line(f"卡号:{number} 借记")
    assert not any(char.isdigit() for char in line)
    assert line.startswith("卡号:*")
    assert line.endswith(" 借记")


@pytest.mark.parametrize(
    "line",
    ["卡号: 6222 99** **** 3456", "金额: RMB 12.50", "凭证号: 000470", "2026/11/22 12:30:05", "终端号: 28004869", ""],
)
def test_what_a_slip_needs_stays(line: str) -> None:
    assert clean_line(line) == line


def test_lines_are_short_and_printable() -> None:
    assert clean_line("a\x1b[31m\x00b\r\n\ud800") == "a [31m b"
    assert len(clean_line("长" * 500)) == LONGEST_LINE


@given(st.text(alphabet="0123456789 -", min_size=13, max_size=60))
def test_never_13_digits_in_a_row(text: str) -> None:
    blanked = blank_card_numbers(text)
    run = longest = 0
    for char in blanked:
        run = run + 1 if char.isdigit() else 0
        longest = max(longest, run)
    assert longest < 13
