"""Whatever a card answers, and whatever the PC/SC worker's pipe carries."""

from __future__ import annotations

import unicodedata
from collections.abc import Coroutine
from typing import Any

from drivers.gb11643 import is_citizen_number
from drivers.smart_card.apdu import ApduError, Command, Response
from drivers.smart_card.card_layout import CardLayout
from drivers.smart_card.card_reading import CardReading
from drivers.smart_card.messages import MOST_LINE, AnswerParser
from drivers.smart_card.port import SocialSecurityCard
from drivers.smart_card.records import MOST_NAME

MOST_EXCHANGES = 200
_CARD = "9000|9000|0604203601019000|07095A39393939393939399000|9000"
_NUMBER = "08123531393939393139393030313031303031379000"
_NAME = "091EB2E2CAD4" + "00" * 26 + "9000"


def _script(*answers: str) -> bytes:
    """Answers of a card, each with a byte of length before it."""
    raw = [bytes.fromhex(answer) for answer in answers]
    return b"".join(bytes([len(each)]) + each for each in raw)


SEEDS: tuple[bytes, ...] = (
    _script(*_CARD.split("|"), _NUMBER, _NAME, "0A01319000", "0B01019000"),
    _script("610A", "6F088406" + "00" * 6 + "9000", "6A82", "9000", "6C14", _NUMBER, "6C20", _NAME),
    _script("6A82"),
    _script("9000", "9000", "6A83", "0A01319000", "6A83"),
    b'{"number": 1, "code": 0, "readers": ["x"], "apdu": "9000"}\n',
)


def one_input(data: bytes) -> None:
    _read(data)
    parser = AnswerParser()
    step = 1 + (data[0] if data else 0) % 37
    for at in range(0, len(data), step):
        parser.feed(data[at : at + step])
        assert parser.buffered <= MOST_LINE + step


def _read(data: bytes) -> None:
    rest = memoryview(data)
    exchanges = 0

    async def transmit(command: Command) -> Response:
        nonlocal rest, exchanges
        command.to_bytes()
        exchanges += 1
        assert exchanges <= MOST_EXCHANGES, "a card kept the reader busy for ever"
        length = 1 + rest[0] if len(rest) else 0
        answer, rest = bytes(rest[1:length]), rest[length:]
        return Response.from_bytes(answer or b"\x6a\x83")

    try:
        outcome = _run(CardReading(transmit, CardLayout()).holder())
    except ApduError:
        return
    if isinstance(outcome, SocialSecurityCard):
        assert is_citizen_number(outcome.number)
        assert 0 < len(outcome.name) <= MOST_NAME
        assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in outcome.name)
        for text in (outcome.sex, outcome.nation, outcome.card_number, outcome.valid_to):
            assert text == "" or (text.isascii() and text.isalnum())


def _run(conversation: Coroutine[Any, Any, Any]) -> Any:
    """To its end, without a loop: nothing in it waits."""
    try:
        conversation.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("the conversation waits for something other than the card")
