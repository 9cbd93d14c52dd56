"""The process that calls PC/SC: `python -m drivers.smart_card.pcsc_worker`, questions on stdin, answers on stdout.

The calls block for as long as pcscd or a reader's driver pleases, and cannot be interrupted; the library takes its
socket's name from the environment, once for a process. So they live in a process of their own, which the driver ends
when an answer is overdue. Uses the library's own calls: pyscard's classes keep a context that does not outlive pcscd.
"""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any, BinaryIO

from drivers.smart_card.apdu import MOST_DATA
from drivers.smart_card.messages import MOST_LINE, Answer, Code, Do, MessageError, Question

EXIT_NO_LIBRARY = 3
_PR_SET_PDEATHSIG = 1

# After these nothing that was made before is worth anything: pcscd went away, or came back as another one.
_CONTEXT_LOST = frozenset({Code.INVALID_HANDLE, Code.COMM_ERROR, Code.NO_SERVICE, Code.SERVICE_STOPPED})


class Pcsc:
    """The library with a context that renews itself. `scard` is pyscard's module `smartcard.scard`."""

    def __init__(self, scard: ModuleType | Any) -> None:
        self._scard = scard
        self._context: Any = None
        self._card: Any = None
        self._protocol = 0

    def answer(self, question: Question) -> Answer:
        answer = self._ask(question)
        if answer.code in _CONTEXT_LOST:
            self._drop()
            if question.do in (Do.READERS, Do.WATCH):  # what a new pcscd can answer as well as the old one
                answer = self._ask(question)
        if answer.code in _CONTEXT_LOST:
            self._drop()
        return answer

    def _ask(self, question: Question) -> Answer:
        if self._context is None and (code := self._establish()) != Code.SUCCESS:
            return Answer(question.number, code)
        match question.do:
            case Do.READERS:
                return self._readers(question)
            case Do.WATCH:
                return self._watch(question)
            case Do.CONNECT:
                return self._connect(question)
            case Do.TRANSMIT:
                return self._transmit(question)
            case Do.DISCONNECT:
                self._disconnect()
                return Answer(question.number)

    def _establish(self) -> int:
        result, context = self._scard.SCardEstablishContext(self._scard.SCARD_SCOPE_USER)
        if (code := _code(result)) == Code.SUCCESS:
            self._context = context
        return code

    def _drop(self) -> None:
        self._card = None
        if self._context is not None:
            self._scard.SCardReleaseContext(self._context)
            self._context = None

    def _readers(self, question: Question) -> Answer:
        result, names = self._scard.SCardListReaders(self._context, [])
        code = _code(result)
        if code == Code.NO_READERS_AVAILABLE:
            return Answer(question.number)
        return Answer(question.number, code, readers=tuple(names) if code == Code.SUCCESS else ())

    def _watch(self, question: Question) -> Answer:
        asked = [(question.reader, question.known)]
        result, states = self._scard.SCardGetStatusChange(self._context, question.wait_ms, asked)
        code = _code(result)
        if code == Code.TIMEOUT:
            code = Code.SUCCESS  # nothing changed, and the state says what it is
        if code != Code.SUCCESS:
            return Answer(question.number, code)
        _, state, atr = states[0]
        return Answer(question.number, state=state, atr=bytes(atr).hex())

    def _connect(self, question: Question) -> Answer:
        """Exclusively: nobody else may listen while a resident's card is read."""
        s = self._scard
        self._disconnect()
        protocols = s.SCARD_PROTOCOL_T0 | s.SCARD_PROTOCOL_T1
        result, card, protocol = s.SCardConnect(self._context, question.reader, s.SCARD_SHARE_EXCLUSIVE, protocols)
        if (code := _code(result)) == Code.SUCCESS:
            self._card, self._protocol = card, protocol
        return Answer(question.number, code, protocol=protocol if code == Code.SUCCESS else 0)

    def _transmit(self, question: Question) -> Answer:
        if self._card is None:
            return Answer(question.number, Code.INVALID_HANDLE)
        s = self._scard
        pci = s.SCARD_PCI_T1 if self._protocol == s.SCARD_PROTOCOL_T1 else s.SCARD_PCI_T0
        result, response = s.SCardTransmit(self._card, pci, list(bytes.fromhex(question.apdu)))
        if (code := _code(result)) != Code.SUCCESS:
            return Answer(question.number, code)
        if len(response) > MOST_DATA + 2:
            return Answer(question.number, Code.TOO_LONG)
        return Answer(question.number, apdu=bytes(byte & 0xFF for byte in response).hex())

    def _disconnect(self) -> None:
        """Power off: the next resident's card starts afresh."""
        card, self._card = self._card, None
        if card is not None:
            self._scard.SCardDisconnect(card, self._scard.SCARD_UNPOWER_CARD)


def _code(result: int) -> int:
    """pyscard gives the unsigned results of the C library as signed or unsigned, by its version."""
    return result & 0xFFFFFFFF


def serve(pcsc: Pcsc, lines: Iterable[bytes], out: BinaryIO) -> None:
    """Answer until the questions end. What is no question is left out: the driver's time-out sees to it."""
    for line in lines:
        try:
            question = Question.from_bytes(line)
        except MessageError:
            continue
        out.write(pcsc.answer(question).to_bytes())
        out.flush()


def main() -> int:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # a call that hangs never sees stdin end
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the kiosk, which ends this process
    try:
        from smartcard import scard
    except ImportError:
        return EXIT_NO_LIBRARY
    serve(Pcsc(scard), iter(lambda: sys.stdin.buffer.readline(MOST_LINE), b""), sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
