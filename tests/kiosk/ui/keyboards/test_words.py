"""Writing with letter keys."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.keyboards.pinyin import candidates
from kiosk.ui.keyboards.words import Keys, Writing


def typed(writing: Writing, letters: str) -> Writing:
    for letter in letters:
        writing = writing.key(letter)
    return writing


def pick(writing: Writing, word: str) -> Writing:
    return writing.choose(next(c for c in candidates(writing.letters) if c.word == word))


def test_a_name_is_written_by_choosing() -> None:
    writing = typed(Writing("", 30, Keys.PINYIN), "ZHANGSHIFAN")
    writing = pick(writing, "张")
    assert (writing.text, writing.letters) == ("张", "shifan")
    writing = pick(writing, "示范")
    assert (writing.text, writing.letters) == ("张示范", "")


def test_delete_takes_letters_before_characters() -> None:
    writing = typed(Writing("青口", 30, Keys.PINYIN), "XI")
    assert writing.delete().letters == "x"
    assert writing.delete().delete().delete().text == "青"


def test_nothing_is_longer_than_the_field() -> None:
    full = Writing("青口县", 4, Keys.PINYIN)
    assert pick(typed(full, "ZHENGWUFUWU"), "政务服务").text == "青口县政"
    assert typed(Writing("青口县政", 4, Keys.PINYIN), "A").letters == ""
    assert typed(Writing("abcd", 4, Keys.LETTERS), "E").text == "abcd"


def test_letters_are_written_as_the_keys_show_them() -> None:
    writing = typed(Writing("", 30, Keys.LETTERS), "AB").other_case()
    assert typed(writing, "CD1@").text == "ABcd1@"


def test_other_keys_drop_letters_not_chosen_from() -> None:
    writing = typed(Writing("青", 30, Keys.PINYIN), "KOU").switch(Keys.NUMBERS)
    assert (writing.text, writing.letters) == ("青", "")
    assert writing.key("3").key("号").text == "青3号"


def test_no_space_at_the_beginning() -> None:
    assert Writing("", 30, Keys.LETTERS).key(" ").text == ""
    assert Writing("a", 30, Keys.LETTERS).key(" ").text == "a "


@given(
    st.lists(st.sampled_from([*"ABCXYZ", *"123号@", " ", "delete", "pick", "case", "pinyin", "numbers"]), max_size=40)
)
def test_no_sequence_of_keys_breaks_it(keys: list[str]) -> None:
    writing = Writing("", 12, Keys.PINYIN)
    for key in keys:
        found = candidates(writing.letters)
        if key == "delete":
            writing = writing.delete()
        elif key == "pick":
            writing = writing.choose(found[0]) if found else writing
        elif key == "case":
            writing = writing.other_case()
        elif key in ("pinyin", "numbers"):
            writing = writing.switch(Keys(key))
        else:
            writing = writing.key(key)
        assert len(writing.text) <= 12
        assert not (writing.letters and writing.keys is not Keys.PINYIN)
