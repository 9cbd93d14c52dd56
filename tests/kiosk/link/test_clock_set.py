"""The kernel's answer about its own clock."""

from __future__ import annotations

import ctypes

import pytest

from kiosk.link.clock_set import clock_set


@pytest.mark.parametrize(("answer", "is_set"), [(0, True), (4, True), (5, False), (-1, False)])
def test_what_the_kernel_says(monkeypatch: pytest.MonkeyPatch, answer: int, is_set: bool) -> None:
    class Library:
        def __init__(self, *_arguments: object, **_options: object) -> None: ...

        def adjtimex(self, asked: ctypes.Array[ctypes.c_char]) -> int:
            assert not any(asked.raw), "asks, changes nothing"
            assert len(asked) >= 208
            return answer

    monkeypatch.setattr(ctypes, "CDLL", Library)
    assert clock_set() is is_set


def test_this_machine_answers() -> None:
    assert clock_set() in (True, False)
