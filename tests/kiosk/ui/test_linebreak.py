from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.linebreak import break_lines

NOT_FIRST = "、，。；：？！）》”"


def measure(text: str) -> float:
    """A CJK character is 10 wide, others 5."""
    return sum(10 if ord(c) > 0x2E7F else 5 for c in text)


TEXT = "付了款没出凭条，钱会自动原路退回；凭屏幕上的号码，也可到任何一台终端查询（《社会保险法》第四条、第七十四条）。"


def test_no_line_begins_with_closing_punctuation() -> None:
    for width in range(40, 400, 7):
        for line in break_lines(TEXT, width, measure):
            assert line[0] not in NOT_FIRST, (width, line)
            assert line[-1] not in "《（“", (width, line)


def test_lines_fit_and_nothing_is_lost() -> None:
    for width in range(60, 400, 7):
        lines = break_lines(TEXT, width, measure)
        assert all(measure(line) <= width for line in lines)
        assert "".join(lines) == TEXT


def test_the_last_line_is_not_a_lonely_character() -> None:
    text = "可以用短信验证码加密码，办理结果完全一样。"
    width = 10 * (len(text) - 2)
    assert measure(break_lines(text, width, measure)[-1]) <= 20
    assert measure(break_lines(text, width, measure, orphan=30)[-1]) >= 30


def test_english_words_and_numbers_stay_whole() -> None:
    lines = break_lines("Please go to counter 12 on the ground floor", 80, measure)
    assert " ".join(lines) == "Please go to counter 12 on the ground floor"


def test_newlines_are_kept_and_a_long_number_is_cut() -> None:
    assert break_lines("一\n\n二", 100, measure) == ["一", "", "二"]
    assert break_lines("123456789012", 30, measure) == ["123456", "789012"]


@given(st.text(alphabet="社保证明，。、abc 12《》（）", max_size=60), st.integers(min_value=40, max_value=300))
def test_any_text_keeps_its_characters(text: str, width: int) -> None:
    lines = break_lines(text, width, measure, orphan=22)
    assert "".join("".join(lines).split()) == "".join(text.split())
