from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.smart_card.messages import MOST_LINE, Answer, AnswerParser, Code, Do, MessageError, Question

ANSWER = Answer(7, readers=("ACS ACR39U 00 00", "虚拟 00 00"), state=0x10022, protocol=1, atr="3b00", apdu="9000")


def test_question_there_and_back() -> None:
    question = Question(3, Do.WATCH, "ACS ACR39U 00 00", known=0x10012, wait_ms=300)
    line = question.to_bytes()
    assert json.loads(line)["do"] == "watch"
    assert Question.from_bytes(line) == question


def test_answer_one_byte_at_a_time_and_glued() -> None:
    parser = AnswerParser()
    line = ANSWER.to_bytes()
    assert [answer for byte in line for answer in parser.feed(bytes([byte]))] == [ANSWER]
    assert parser.feed(line + line) == [ANSWER, ANSWER]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"number": "7"}',
        b'{"number": true}',
        b'{"number": 7, "atr": "3"}',
        b'{"number": 7, "atr": 3}',
        b'{"number": 7, "readers": "x"}',
        b'{"number": 7, "readers": [1]}',
        b'{"number": 7, "more": 1}',
        b"[" * 5000,
        b"\xff\xfe",
    ],
)
def test_no_answer(line: bytes) -> None:
    with pytest.raises(MessageError):
        Answer.from_bytes(line)
    parser = AnswerParser()
    assert parser.feed(line + b"\n" + ANSWER.to_bytes()) == [ANSWER]
    assert parser.damaged == 1


def test_no_question() -> None:
    for line in (b"", b"{}", b'{"number": 1, "do": "format"}', b'{"number": 1, "do": "watch", "x": 1}'):
        with pytest.raises(MessageError):
            Question.from_bytes(line)


def test_an_endless_line_is_passed_over() -> None:
    parser = AnswerParser()
    for _ in range(10):
        assert parser.feed(b"x" * MOST_LINE) == []
        assert parser.buffered <= MOST_LINE
    assert parser.feed(b"\n" + ANSWER.to_bytes()) == [ANSWER]
    assert parser.damaged == 1


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_anything(chunks: list[bytes]) -> None:
    parser = AnswerParser()
    for chunk in chunks:
        parser.feed(chunk)
    parser.feed(b"\n")
    assert parser.feed(ANSWER.to_bytes()) == [ANSWER]


def test_codes_by_name() -> None:
    assert Code.text(0x8010001D) == "SCARD NO_SERVICE (8010001D)"
    assert Code.text(0x80100001) == "SCARD error (80100001)"


def test_repr_says_nothing() -> None:
    assert repr(ANSWER) == "Answer(7, SCARD SUCCESS (00000000))"
