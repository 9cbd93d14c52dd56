"""What a scenario file may be made of, and what is refused before it can do harm."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.virtual.cabinet.scenario_yaml import MAX_BYTES, ScenarioError, load

BOMB = "\n".join(
    ["a: &a [x, x, x]", *(f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]" for i in range(20))]
)


def test_words_stay_words() -> None:
    text = "a: off\nb: yes\nc: 08:30\nd: 0x1f\ne: 2026-11-22\nf: true\ng: null\nh: 12\ni: -1.5\nj: '1'\nk:\n"
    assert load(text, "f").value == {
        "a": "off",
        "b": "yes",
        "c": "08:30",
        "d": "0x1f",
        "e": "2026-11-22",
        "f": True,
        "g": None,
        "h": 12,
        "i": -1.5,
        "j": "1",
        "k": None,
    }


def test_marks_are_where_the_keys_stand() -> None:
    document = load("steps:\n  - a4: jam\n  - {network: cut}\n", "f")
    assert document.marks["steps", 1, "network"] == (3, 6)
    problem = document.problem(("steps", 0, "a4", "deeper", 3), "x")
    assert (problem.line, problem.column) == (2, 5)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (BOMB, 1, "aliases and anchors"),
        ("a: 1\nb: *a", 2, "aliases and anchors"),
        ("a: !!python/object/apply:os.system ['true']", 1, "the tag"),
        ("[" * 40, 1, "nested deeper"),
        ("[" + "x," * 6000 + "]", 1, "more than"),
        ("a: 1\n" + "#" * MAX_BYTES, 1, "longer than"),
        ("a: 1\nb: 2\na: 3", 3, "given twice"),
        ("? [a]\n: 1", 1, "a key must be a word"),
        ("a: [1,\n", 2, "expected"),
        ("a: 'x\n", 2, "end of stream"),
        ("\x07", 1, "unacceptable"),
        ("", 1, "empty"),
        ("# nothing", 1, "empty"),
    ],
)
def test_refused(text: str, line: int, what: str) -> None:
    with pytest.raises(ScenarioError, match=what) as refused:
        load(text, "file.yaml")
    assert refused.value.problems[0].line == line
    assert str(refused.value).startswith(f"file.yaml:{line}:")


@given(st.text(max_size=300))
def test_any_text_is_loaded_or_refused(text: str) -> None:
    with contextlib.suppress(ScenarioError):
        load(text, "f")


@given(st.text(alphabet="[]{}:,-'\"&*!|>%@`# \n\tab1", max_size=200))
def test_any_punctuation_is_loaded_or_refused(text: str) -> None:
    with contextlib.suppress(ScenarioError):
        load(text, "f")
