"""Characters by pinyin: right for every input, found as one expects, quick."""

from __future__ import annotations

import time
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypinyin import Style, pinyin

from kiosk.ui.keyboards.pinyin import (
    LONGEST,
    MOST,
    TABLE,
    Candidate,
    Table,
    candidates,
    normal,
    spelled,
    spellings,
    table,
)


@cache
def readings(char: str) -> frozenset[str]:
    """Of a character, without tones, by somebody else's table."""
    return frozenset(normal(s) for s in pinyin(char, style=Style.NORMAL, heteronym=True, v_to_u=False)[0])


def fits(word: str, letters: str) -> bool:
    """Whether the letters are the word's syllables or beginnings of them, in order."""
    if not word:
        return not letters.strip("'")
    letters = letters.lstrip("'")
    for end in range(1, len(letters) + 1):
        piece = normal(letters[:end])
        if "'" in piece:
            return False
        if any(r.startswith(piece) for r in readings(word[0])) and fits(word[1:], letters[end:]):
            return True
    return False


_SYLLABLES = sorted(table().syllables())
_PIECES = st.sampled_from(_SYLLABLES) | st.sampled_from(_SYLLABLES).flatmap(
    lambda s: st.integers(1, len(s)).map(lambda end: s[:end])
)
_INPUTS = st.lists(_PIECES, min_size=1, max_size=5).map("".join) | st.text("abcdefghijklmnopqrstuvwxyz'", max_size=12)


@settings(max_examples=300, deadline=None)
@given(_INPUTS)
def test_every_candidate_is_read_as_it_was_typed(letters: str) -> None:
    found = candidates(letters)
    assert len({c.word for c in found}) == len(found) <= MOST
    for candidate in found[:60]:
        assert 0 < candidate.letters <= len(letters)
        assert fits(candidate.word, letters[: candidate.letters]), (letters, candidate)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(_SYLLABLES), min_size=1, max_size=6))
def test_whole_syllables_always_give_characters_for_all_of_them(syllables: list[str]) -> None:
    letters = "'".join(syllables)[:LONGEST]
    found = candidates(letters)
    assert found
    assert found[0].letters == len(letters) or not all(spellings(letters)[0].whole)


@pytest.mark.parametrize(
    ("letters", "word"),
    [
        ("nihao", "你好"),
        ("xian", "先"),
        ("xian", "西安"),
        ("xi'an", "西安"),
        ("fangan", "方案"),
        ("fangan", "反感"),
        ("zwfw", "政务服务"),
        ("zhengwufw", "政务服务"),
        ("sfz", "身份证"),
        ("shenfenz", "身份证"),
        ("nv", "女"),
        ("lvse", "绿色"),
        ("lue", "略"),
        ("qingkouxian", "青口县"),
        ("shehuibaoxian", "社会保险"),
        ("zhangshifan", "张示范"),
        ("beijingshichaoyangqu", "北京市朝阳区"),
        ("bianminbianlid", "便民便利店"),
    ],
)
def test_what_people_type(letters: str, word: str) -> None:
    first = [c.word for c in candidates(letters)[:10]]
    assert word in first


def test_a_choice_of_a_part_says_how_many_letters_it_took() -> None:
    found = {c.word: c for c in candidates("zhangshifan")}
    assert found["张"] == Candidate("张", 5)
    assert found["张示范"].letters == len("zhangshifan")
    assert {c.word: c for c in candidates("xi'an'shi")}["西安"].letters == len("xi'an'")


@pytest.mark.parametrize("char", ["龘", "㐀", "翀", "頔", "珺", "祎", "犇", "昇", "堃", "赟", "镕", "䶮", "濛"])
def test_rare_characters_of_names_are_found_by_any_of_their_readings(char: str) -> None:
    for syllable in readings(char):
        assert char in {c.word for c in candidates(syllable)}, syllable


def test_characters_beyond_the_first_plane_are_found_too() -> None:
    beyond = [char for char in TABLE.read_text("utf-8") if ord(char) > 0x20000]
    assert len(set(beyond)) > 500
    for char in beyond[:: len(beyond) // 20]:
        assert any(char in {c.word for c in candidates(syllable)} for syllable in readings(char)), char


def test_every_character_of_the_table_can_be_drawn() -> None:
    from fontTools.ttLib import TTFont

    from kiosk.ui.fonts import ensure_fonts

    drawable = TTFont(str(ensure_fonts()[0]), lazy=True).getBestCmap()
    text = TABLE.read_text("utf-8")
    hanzi = {char for char in text if ord(char) > 0x2E80}
    assert len(hanzi) > 20_000
    assert not {char for char in hanzi if ord(char) not in drawable}


def test_letters_no_syllable_has_offer_nothing() -> None:
    for letters in ("i", "uu", "v", "''", "", "bv"):
        assert not [c for c in candidates(letters) if c.letters == len(letters)]


def test_what_was_typed_is_shown_in_syllables() -> None:
    assert spelled("zhengwufw") == "zheng wu f w"
    assert spelled("lvse") == "lü se"
    assert spelled("uu") == "uu"


def test_it_is_quick_and_small() -> None:
    began = time.perf_counter()
    fresh = Table(TABLE.read_bytes())
    fresh.syllables()
    assert time.perf_counter() - began < 0.5
    assert TABLE.stat().st_size < 2_000_000
    worst = []
    for letters in ("z", "zg", "sz", "sfzheng", "yi", "shishishishi", "zhengwufuwuzhongxin", "z" * LONGEST):
        spent = []
        for _ in range(5):
            began = time.perf_counter()
            candidates(letters)
            spent.append(time.perf_counter() - began)
        worst.append((min(spent), letters))
    assert max(worst)[0] < 0.02, max(worst)  # 1 to 3 ms; the rest is for a busy machine


def test_nothing_is_learned() -> None:
    before = candidates("zhang")
    for _ in range(50):
        candidates("zhangshifan")
    assert candidates("zhang") == before
