"""What the worker makes of the PC/SC library's answers, on a library that says what we want it to say."""

# ruff: noqa: N802 - pyscard's names

from __future__ import annotations

import io
from typing import Any

import pytest

from drivers.smart_card.messages import Answer, AnswerParser, Code, Do, Question
from drivers.smart_card.pcsc_worker import Pcsc, serve

READER = "ACS ACR39U 00 00"


class Scard:
    """pyscard's calls. `results`: what a call returns instead of success, used up one by one."""

    SCARD_SCOPE_USER = 0
    SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1 = 1, 2
    SCARD_PCI_T0, SCARD_PCI_T1 = 11, 12
    SCARD_SHARE_EXCLUSIVE = 1
    SCARD_UNPOWER_CARD = 2

    def __init__(self, **results: list[int]) -> None:
        self.results = results
        self.calls: list[str] = []
        self.protocol = self.SCARD_PROTOCOL_T0
        self.response = [0x90, 0x00]
        self.sent: list[tuple[int, list[int]]] = []
        self.shared: int | None = None

    def _result(self, call: str) -> int:
        self.calls.append(call)
        code = self.results.get(call, [])
        found = code.pop(0) if code else 0
        return found - (1 << 32) if found & 0x80000000 else found  # as the C library's LONG, signed

    def SCardEstablishContext(self, scope: int) -> tuple[int, int]:
        return self._result("establish"), len(self.calls)

    def SCardReleaseContext(self, context: int) -> int:
        return self._result("release")

    def SCardListReaders(self, context: int, groups: list[str]) -> tuple[int, list[str]]:
        result = self._result("readers")
        return result, [] if result else [READER]

    def SCardGetStatusChange(self, context: int, wait_ms: int, asked: list[Any]) -> tuple[int, list[Any]]:
        result = self._result("watch")
        return result, [(asked[0][0], 0x10022, [0x3B, 0x00])]

    def SCardConnect(self, context: int, reader: str, share: int, protocols: int) -> tuple[int, int, int]:
        self.shared = share
        return self._result("connect"), 42, self.protocol

    def SCardTransmit(self, card: int, pci: int, apdu: list[int]) -> tuple[int, list[int]]:
        self.sent.append((pci, apdu))
        return self._result("transmit"), self.response

    def SCardDisconnect(self, card: int, how: int) -> int:
        assert how == self.SCARD_UNPOWER_CARD
        return self._result("disconnect")


def ask(pcsc: Pcsc, do: Do, **more: Any) -> Answer:
    return pcsc.answer(Question(1, do, READER, **more))


@pytest.mark.parametrize(("code", "expected"), [(0, (READER,)), (Code.NO_READERS_AVAILABLE, ()), (Code.NO_SERVICE, ())])
def test_readers(code: int, expected: tuple[str, ...]) -> None:
    answer = ask(Pcsc(Scard(readers=[code])), Do.READERS)
    if code == Code.NO_SERVICE:
        assert answer.readers == (READER,), "a new pcscd was asked at once"
    else:
        assert (answer.code, answer.readers) == (0, expected)


def test_pcscd_that_is_not_there() -> None:
    scard = Scard(establish=[Code.NO_SERVICE] * 3)
    pcsc = Pcsc(scard)
    assert ask(pcsc, Do.READERS).code == Code.NO_SERVICE
    assert scard.calls == ["establish", "establish"]
    assert ask(pcsc, Do.CONNECT).code == Code.NO_SERVICE
    assert ask(pcsc, Do.READERS).readers == (READER,), "and is asked again the next time"


def test_a_card_does_not_outlive_pcscd() -> None:
    scard = Scard(transmit=[Code.NO_SERVICE])
    pcsc = Pcsc(scard)
    assert ask(pcsc, Do.CONNECT).code == 0
    assert ask(pcsc, Do.TRANSMIT, apdu="00B2080014").code == Code.NO_SERVICE
    assert scard.calls[-1] == "release"
    assert ask(pcsc, Do.TRANSMIT, apdu="00B2080014").code == Code.INVALID_HANDLE
    assert len(scard.sent) == 1, "a command of the old card never reaches the new one"


@pytest.mark.parametrize(
    "code", [Code.READER_UNAVAILABLE, Code.REMOVED_CARD, Code.RESET_CARD, Code.UNRESPONSIVE_CARD, Code.NOT_TRANSACTED]
)
def test_what_befalls_a_card_is_passed_on(code: Code) -> None:
    scard = Scard(transmit=[code])
    pcsc = Pcsc(scard)
    ask(pcsc, Do.CONNECT)
    assert ask(pcsc, Do.TRANSMIT, apdu="00B2080014").code == code
    assert "release" not in scard.calls, "the context is good"


@pytest.mark.parametrize(("protocol", "pci"), [(1, Scard.SCARD_PCI_T0), (2, Scard.SCARD_PCI_T1)])
def test_protocol(protocol: int, pci: int) -> None:
    scard = Scard()
    scard.protocol, scard.response = protocol, [0x08, -1, 0x90, 0x00]  # some versions give signed bytes
    pcsc = Pcsc(scard)
    assert ask(pcsc, Do.CONNECT).protocol == protocol
    assert scard.shared == Scard.SCARD_SHARE_EXCLUSIVE
    assert ask(pcsc, Do.TRANSMIT, apdu="00b2").apdu == "08ff9000"
    assert scard.sent == [(pci, [0x00, 0xB2])]


def test_too_long_an_answer_stays_here() -> None:
    scard = Scard()
    scard.response = [0] * 259
    pcsc = Pcsc(scard)
    ask(pcsc, Do.CONNECT)
    answer = ask(pcsc, Do.TRANSMIT, apdu="00b2")
    assert (answer.code, answer.apdu) == (Code.TOO_LONG, "")


def test_connecting_again_and_disconnecting() -> None:
    scard = Scard()
    pcsc = Pcsc(scard)
    ask(pcsc, Do.CONNECT)
    ask(pcsc, Do.CONNECT)
    ask(pcsc, Do.DISCONNECT)
    ask(pcsc, Do.DISCONNECT)
    assert scard.calls == ["establish", "connect", "disconnect", "connect", "disconnect"]


def test_nothing_changed_is_a_state_too() -> None:
    answer = ask(Pcsc(Scard(watch=[Code.TIMEOUT])), Do.WATCH, wait_ms=1)
    assert (answer.code, answer.state, answer.atr) == (0, 0x10022, "3b00")


def test_a_pipe_of_questions() -> None:
    out = io.BytesIO()
    lines = [Question(1, Do.READERS).to_bytes(), b"nonsense\n", Question(2, Do.WATCH, READER).to_bytes()]
    serve(Pcsc(Scard()), lines, out)
    assert [answer.number for answer in AnswerParser().feed(out.getvalue())] == [1, 2]
