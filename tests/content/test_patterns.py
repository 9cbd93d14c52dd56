"""Patterns that could hold up the keyboard are refused; those of real forms are not."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.lint.patterns import problem
from content.schema.forms import ChoicesField


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\d+)+x",
        r"(a*)*",
        r"(a|ab)*c",
        r"(?:\w+\s?)+$",
        r"((a{1,9}){1,9}){1,9}",
        r".*.*.*x",
        r"(.)\1+",
        r"(?P<a>x)(?(a)b|c)",
        r"(",
        r"[z-a]",
        r"a{2,1}",
        "a?" * 22 + "a" * 22,
        r"a{0,49}" * 5 + "b",
        r"\d{0,40}" * 5 + "x",
        r"(?:ab|a)+x",
        "a" * 501,
    ],
)
def test_refused(pattern: str) -> None:
    found = problem(pattern)
    assert found is not None
    assert found.zh
    assert found.en


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d{12}",
        r"\d{6}(19|20)\d{2}(0[1-9]|1[0-2])\d{2}\d{3}[\dX]",
        r"[\u4e00-\u9fff·]{2,30}",
        r"(\d{4} ){3}\d{4}",
        r"[A-Z0-9]{1,20}(-[0-9]{1,4})?",
        r".*路.*号",
        r"(?!0)\d+",
    ],
)
def test_allowed(pattern: str) -> None:
    assert problem(pattern) is None


@pytest.mark.parametrize("pattern", ["a?" * 20 + "b", "[ab]*[ab]*c", "[ab]{0,900}[ab]{0,900}c", "a{0,99}" * 3 + "c"])
def test_the_slowest_allowed_is_fast(pattern: str) -> None:
    assert problem(pattern) is None
    started = time.perf_counter()
    re.search(f"^(?:{pattern})$", "a" * 1000)
    assert time.perf_counter() - started < 0.5


@settings(deadline=None, max_examples=300)
@given(st.text("ab(|)*+?{1,9}.[]\\d", max_size=14))
def test_what_is_allowed_is_fast(pattern: str) -> None:
    if problem(pattern) is not None:
        return
    started = time.perf_counter()
    re.fullmatch(pattern, "a" * 400 + "!")
    assert time.perf_counter() - started < 1


def test_an_options_value_is_no_pattern() -> None:
    """The lint wants plain values; a form from elsewhere must not stop the terminal either."""
    label = {"zh": "甲", "en": "A"}
    options = [{"value": value, "label": label} for value in ("a(", "(a|a)+", "same-day")]
    field = ChoicesField.model_validate({"kind": "choices", "name": "x", "label": label, "options": options})
    pattern = field.value_schema()["pattern"]
    assert r"\-" not in pattern, "not an escape in ECMA's dialect"
    assert all(re.search(pattern, value) for value in ("a(", "(a|a)+ a(", "same-day"))
    started = time.perf_counter()
    assert not re.search(pattern, "a" * 200 + "!")
    assert time.perf_counter() - started < 0.5
