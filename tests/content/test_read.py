"""Files that were made to hurt are refused at once, with a sentence and a line."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.read import MAX_BYTES, MAX_DEPTH, Unreadable, lines_of, place_of, read

LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"
YAML: dict[str, tuple[bytes, int | None, str]] = {
    "billion laughs": (LAUGHS.encode(), 1, "anchors"),
    "cycle": (b"a: &a\n  b: *a\n", 1, "anchors"),
    "alias alone": (b"a: 1\nb: *a\n", None, "correct the YAML|aliases"),
    "tag": (b"a: !!python/object/apply:os.system [ls]\n", 1, "tags"),
    "own tag": (b"a: !x y\n", 1, "tags"),
    "deep flow": (b"a: " + b"[" * 5000 + b"]" * 5000, 1, "nested deeper"),
    "deep block": ("\n".join(" " * n + "a:" for n in range(500)).encode(), MAX_DEPTH + 1, "nested deeper"),
    "deep on one line": (b"- " * 50_000 + b"a", 1, "nested deeper"),
    "many": (b"- 1\n" * 60_000, None, "holds too much"),
    "huge": (b"a: " + b"x" * MAX_BYTES, None, "larger than 512 KiB"),
    "twice": (b"id: a\nname: b\nid: c\n", 3, "'id' is written twice"),
    "colon": (b"id: a\ntitle: a: b\n", 2, "texts with colons need quotes"),
    "two documents": (b"a: 1\n---\nb: 2\n", 2, "one document"),
    "not text": (b"a: b\nc: \xff\n", 2, "not UTF-8"),
    "odd characters": (b"a: \x00\n", None, "correct the YAML"),
    "a key of nothing": (b"? \n: 1\n", 1, "a key must be a word"),
    "a key of a list": (b"? [a]\n: 1\n", 1, "a key must be a word"),
}


@pytest.mark.parametrize("name", YAML)
def test_hostile_yaml(name: str) -> None:
    data, line, expected = YAML[name]
    started = time.perf_counter()
    with pytest.raises(Unreadable) as caught:
        read(data, is_json=False)
    assert time.perf_counter() - started < 5
    assert any(part in caught.value.message.en for part in expected.split("|")), caught.value.message.en
    assert caught.value.message.zh
    if line is not None:
        assert caught.value.line == line


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a": 1, "a": 2}', "'a' is written twice"),
        (b'{"a": ', "is not JSON"),
        (b"[" * 200_000, "nested deeper"),
        (b'{"a": ' * 50_000, "nested deeper"),
        (b"\xff", "not UTF-8"),
        (b" " * (MAX_BYTES + 1), "larger than"),
    ],
)
def test_hostile_json(data: bytes, expected: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(data, is_json=True)
    assert expected in caught.value.message.en


def test_words_stay_words() -> None:
    """What YAML 1.1 takes for a truth, an octal number, a time of day or a date."""
    text = "a: no\nb: 012\nc: 08:30\nd: 2026-01-01\ne: 1_000\nf: ~\ng:\nh: 'null'\ni: 115199990000000515\n"
    assert read(text.encode(), is_json=False) == {
        "a": "no",
        "b": "012",
        "c": "08:30",
        "d": "2026-01-01",
        "e": "1_000",
        "f": None,
        "g": None,
        "h": "null",
        "i": "115199990000000515",
    }


def test_a_byte_order_mark_is_no_fault() -> None:
    assert read(b"\xef\xbb\xbfa: 1\n", is_json=False) == {"a": "1"}


def test_lines() -> None:
    text = "a:\n  - b: 1\n    c: {d: 2,\n        e: 3}\n  - f\n"
    places = ["a", "a.0", "a.0.b", "a.0.c", "a.0.c.e", "a.1", "a.0.missing", "nothing", ""]
    assert lines_of(text.encode(), places) == {
        "a": 1,
        "a.0": 2,
        "a.0.b": 2,
        "a.0.c": 3,
        "a.0.c.e": 4,
        "a.1": 5,
        "a.0.missing": 2,
        "nothing": 1,
        "": 1,
    }


def test_lines_of_what_cannot_be_read() -> None:
    assert lines_of(b"a: [", ["a"]) == {"a": None}


def test_places_leave_out_what_the_schema_adds() -> None:
    data = {"form": [{"kind": "number"}]}
    assert place_of(("form", 0, "number", "hint"), data) == "form.0.hint"
    assert place_of(("form", 3, "x"), data) == "form.3.x"


_seen = st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"])
_words = st.text(_seen, min_size=1, max_size=8)
_values = st.recursive(_words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3))


@given(st.dictionaries(_words, _values, max_size=4))
def test_json_is_read_the_same_as_yaml(value: dict[str, object]) -> None:
    data = json.dumps(value, ensure_ascii=False).encode()
    assert read(data, is_json=True) == read(data, is_json=False) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for is_json in (True, False):
        with contextlib.suppress(Unreadable):
            read(data, is_json=is_json)


@pytest.mark.parametrize("written", ["\\ud800", "\\u0000", "\\u202e", "\\u200b"])
def test_characters_nobody_sees_are_refused_in_json(written: str) -> None:
    for text in (f'{{"a": ["{written}社保"]}}', f'{{"{written}": 1}}'):
        with pytest.raises(Unreadable, match="nobody sees"):
            read(text.encode(), is_json=True)


@pytest.mark.parametrize("written", ['"\\0"', '"\\x1b"', '"\\u202e"', "社\u2066保", "社\u200b保"])
def test_characters_nobody_sees_are_refused_in_yaml(written: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(f"a: 1\nb: {written}\n".encode(), is_json=False)
    assert caught.value.line == 2


def test_lines_tabs_and_rare_hanzi_are_text() -> None:
    assert read('{"a": "一\\n二\\t𠮷"}'.encode(), is_json=True) == {"a": "一\n二\t𠮷"}
    assert read('a: "一\\n二\\t𠮷"\n'.encode(), is_json=False) == {"a": "一\n二\t𠮷"}
