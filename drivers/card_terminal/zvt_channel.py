"""One command at a time to a ZVT terminal, from its acknowledgement to its end, answering everything in between."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

from drivers.card_terminal.zvt_apdu import (
    ACKNOWLEDGED,
    CANCEL,
    NOT_SUPPORTED,
    Abort,
    Acknowledgement,
    Command,
    Completion,
    IntermediateStatus,
    Message,
    Print,
    Received,
    Request,
    StatusInformation,
)
from drivers.card_terminal.zvt_bitmaps import Fields
from drivers.card_terminal.zvt_codes import PLEASE_WAIT
from drivers.card_terminal.zvt_link import ApduLink, ZvtTimings
from drivers.link.stream import LinkLost

MOST_LINES = 200  # of one receipt
MOST_STATUSES = 100  # to one command
MOST_WAITING = 500  # messages that nobody has taken


class _FloodedError(Exception):
    pass


@dataclass
class Heard:
    """What the terminal said to one command, filled while it says it: it remains when the link is lost."""

    sent: bool = False  # the command may have reached the terminal
    refused: int | None = None  # 84 xx: it was not begun
    statuses: list[Fields] = field(default_factory=list)
    prints: list[Print] = field(default_factory=list)
    completion: Completion | None = None
    abort: int | None = None

    def slip(self) -> tuple[str, ...]:
        """The resident's copy; the merchant's is nobody's here."""
        kinds = {each.kind for each in self.prints}
        wanted = 2 if 2 in kinds else 0
        lines = [line for each in self.prints if each.kind == wanted for line in each.lines]
        return tuple(lines[:MOST_LINES])


class ZvtChannel:
    """Speaks to one terminal over one connection. `run` must be running."""

    def __init__(self, link: ApduLink, timings: ZvtTimings) -> None:
        self._link = link
        self._timings = timings
        self._inbox: deque[Message] = deque()
        self._stir = asyncio.Event()
        self._gone: LinkLost | None = None
        self._in_command = False
        self.unasked = asyncio.Event()  # the terminal says something although nobody asked
        self.heard_at = asyncio.get_running_loop().time()

    @property
    def alive(self) -> bool:
        return self._gone is None

    @property
    def reason(self) -> LinkLost | None:
        """Why nothing more comes."""
        return self._gone

    async def run(self) -> NoReturn:
        """Read until LinkLost."""
        try:
            await self._link.run(self._deliver)
        except LinkLost as lost:
            self.end(lost)
            raise

    def end(self, reason: LinkLost) -> None:
        """Nothing more comes; whoever waits gets LinkLost."""
        self._gone = self._gone or reason
        self.stir()

    def stir(self) -> None:
        """Let the running command look whether it was cancelled."""
        self._stir.set()

    async def answer_unasked(self) -> None:
        """Acknowledge what the terminal sent of its own accord: it would wait for it. Not while a command runs."""
        self.unasked.clear()
        while self._inbox:
            await self._answer(self._inbox.popleft())

    async def converse(
        self,
        command: Command,
        heard: Heard,
        silence_s: float,
        on_status: Callable[[int], None] = lambda code: None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        """Send `command` and fill `heard` until its completion, abort or refusal.

        `silence_s`: the terminal's longest silence. `cancelled`: whether the command is to be stopped; None if it
        cannot be. LinkLost when the link broke or the terminal fell silent or does not come to an end; the link is
        then closed.
        """
        self._in_command = True
        try:
            await self.answer_unasked()
            if self._gone is not None:
                raise self._gone
            heard.sent = True
            await self._link.send(command)
            if await self._accepted(heard):
                await self._to_the_end(heard, silence_s, on_status, cancelled)
        except (TimeoutError, _FloodedError) as why:
            what = "silent" if isinstance(why, TimeoutError) else "talks without end"
            lost = LinkLost(f"terminal {what} after {command.name}")
            self.end(lost)
            await self._link.close()
            raise lost from None
        finally:
            self._in_command = False

    def _deliver(self, received: Received) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        if len(self._inbox) >= MOST_WAITING:
            raise LinkLost("terminal floods")
        self._inbox.append(received.message)
        if not self._in_command:
            self.unasked.set()
        self._stir.set()

    async def _next(self, seconds: float, cancelled: Callable[[], bool]) -> Message | None:
        """The next message; None as soon as `cancelled`. TimeoutError, LinkLost."""
        async with asyncio.timeout(seconds):
            while True:
                if self._inbox:
                    return self._inbox.popleft()
                if self._gone is not None:
                    raise self._gone
                if cancelled():
                    return None
                self._stir.clear()
                await self._stir.wait()

    async def _accepted(self, heard: Heard) -> bool:
        """Whether the terminal took the command on."""
        while True:
            message = await self._next(self._timings.t3, _never)
            match message:
                case Acknowledgement(code=None):
                    return True
                case Acknowledgement(code=code) if code == PLEASE_WAIT:
                    continue  # T3 begins anew
                case Acknowledgement(code=code):
                    heard.refused = code
                    return False
                case None:
                    continue
                case _:
                    await self._answer(message)  # of an earlier command

    async def _to_the_end(
        self,
        heard: Heard,
        silence_s: float,
        on_status: Callable[[int], None],
        cancelled: Callable[[], bool] | None,
    ) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timings.whole_payment
        may_cancel = cancelled is not None
        while True:
            try:
                wait_s = min(silence_s, deadline - loop.time())
                if wait_s <= 0:
                    raise TimeoutError  # it goes on and on
                message = await self._next(wait_s, cancelled if may_cancel and cancelled else _never)
            except TimeoutError:
                if not may_cancel:
                    raise
                message = None
            if message is None:
                may_cancel = False
                silence_s = self._timings.after_cancel
                deadline = loop.time() + self._timings.whole_payment
                await self._link.send(CANCEL)
                continue
            if self._note(message, heard, on_status):
                with suppress(LinkLost):  # that was the end of it, whether our answer arrives or not
                    await self._answer(message)
                return
            await self._answer(message)

    def _note(self, message: Message, heard: Heard, on_status: Callable[[int], None]) -> bool:
        """Whether `message` ends the command."""
        match message:
            case IntermediateStatus(code=code):
                on_status(code)
            case StatusInformation(fields=fields):
                if len(heard.statuses) >= MOST_STATUSES:
                    raise _FloodedError  # to leave any of them out could change what they amount to
                heard.statuses.append(fields)
            case Print() if len(heard.prints) < MOST_LINES:
                heard.prints.append(message)
            case Completion():
                heard.completion = message
                return True
            case Abort(code=code):
                heard.abort = code
                return True
            case _:  # also an acknowledgement: of our 06 B0, or of a command that came through twice
                pass
        return False

    async def _answer(self, message: Message) -> None:
        if isinstance(message, Request):
            await self._link.send(NOT_SUPPORTED)
        elif not isinstance(message, Acknowledgement):
            await self._link.send(ACKNOWLEDGED)


def _never() -> bool:
    return False
