"""Lines of a bridge: what is taken, what is dropped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card_terminal.port import CardOutcome, CardPrompt
from drivers.card_terminal.vendor_messages import LONGEST_LINE, Ask, LineSplitter, Prompt, Result, read_event, request


def test_requests() -> None:
    assert request(3, Ask.PAY, amount=1250) == b'{"id": 3, "request": "pay", "amount": 1250}\n'
    assert request(4, Ask.CANCEL) == b'{"id": 4, "request": "cancel"}\n'


def test_events() -> None:
    assert read_event(b'{"id":1,"event":"prompt","prompt":"insert-card"}') == Prompt(
        id=1, event="prompt", prompt=CardPrompt.INSERT_CARD
    )
    event = read_event(
        b'{"id":1,"event":"result","outcome":"approved","amount":5,"slip":["6222990000123456"],"pan":"6222990000123456"}'
    )
    assert isinstance(event, Result)
    assert event.card_result().outcome is CardOutcome.APPROVED
    assert "6222" not in repr(event.card_result())
    assert "pan" not in event.model_dump()


@pytest.mark.parametrize(
    "line",
    [
        b"libpos loaded",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b'{"id":1,"event":"result"}',
        b'{"id":1,"event":"result","outcome":"perhaps"}',
        b'{"id":1,"event":"result","outcome":"approved","amount":-5}',
        b'{"id":-1,"event":"prompt","prompt":"wait"}',
        b'{"id":1,"event":"prompt","prompt":"dance"}',
        b'{"id":1,"event":"other"}',
        b"[" * 5000,
    ],
)
def test_nonsense_is_no_event(line: bytes) -> None:
    assert read_event(line) is None


@given(st.binary(max_size=200))
def test_any_line(line: bytes) -> None:
    read_event(line)


@given(st.lists(st.binary(max_size=40)), st.integers(1, 50))
def test_splitting(lines: list[bytes], step: int) -> None:
    stream = b"".join(line.replace(b"\n", b"") + b"\n" for line in lines)
    splitter = LineSplitter()
    found = [line for at in range(0, len(stream), step) for line in splitter.feed(stream[at : at + step])]
    assert found == [line.replace(b"\n", b"") for line in lines if line.replace(b"\n", b"").strip()]


def test_endless_line() -> None:
    splitter = LineSplitter()
    for _ in range(100):
        splitter.feed(bytes(LONGEST_LINE // 10))
    assert splitter.flooded
    assert splitter.pending == 0
