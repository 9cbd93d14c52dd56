"""Questions to a vendor's bridge program, one at a time, each with exactly one answer or LinkLost."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NoReturn

from drivers.card_terminal.vendor_messages import Ask, Event, LineSplitter, Prompt, read_event, request
from drivers.card_terminal.vendor_process import ProcessStream
from drivers.link.stream import LinkLost
from drivers.link.trace import Way, trace

DEVICE = "card_terminal"
_CHUNK = 16 * 1024
_MOST_WAITING = 500  # events of one question that nobody has taken


@dataclass(frozen=True)
class VendorTimings:
    """Seconds; silence, where not said otherwise."""

    start: float = 30.0  # from the start of the program to its first answer
    status: float = 10.0
    status_interval: float = 30.0  # between two questions how it is
    payment: float = 300.0  # during a payment or reversal, then it is told to stop; or an end of day
    whole_payment: float = 600.0  # then it is told to stop, prompts or not
    after_cancel: float = 60.0  # then the program is killed
    last: float = 90.0
    exit: float = 2.0  # from the end of its input to its end; then it is killed
    connect_grace: float = 10.0  # how long a command waits for a program that is being started
    window: float = 10.0  # in which `VendorChannel` counts lines

    def scaled(self, factor: float) -> VendorTimings:
        return VendorTimings(**{field.name: getattr(self, field.name) * factor for field in fields(self)})


class VendorChannel:
    """Speaks to one run of the program. `run` must be running. `most_lines`: so many lines, of whatever, may come in
    a window; more is a flood."""

    def __init__(self, stream: ProcessStream, timings: VendorTimings, most_lines: int = 2000) -> None:
        self._stream = stream
        self._timings = timings
        self._most_lines = most_lines
        self._number = 0
        self._waiting_for = -1
        self._events: deque[Event] = deque()
        self._stir = asyncio.Event()
        self._gone: LinkLost | None = None

    @property
    def alive(self) -> bool:
        return self._gone is None

    @property
    def reason(self) -> LinkLost | None:
        """Why nothing more comes."""
        return self._gone

    def stir(self) -> None:
        """Let the running question look whether it was cancelled."""
        self._stir.set()

    def give_up(self, reason: LinkLost) -> None:
        """Whoever waits gets LinkLost; the program may still end by itself."""
        self._gone = self._gone or reason
        self.stir()

    def end(self, reason: LinkLost) -> None:
        """As `give_up`, and the program dies at once."""
        self.give_up(reason)
        self._stream.kill()

    async def run(self) -> NoReturn:
        """Read, whether or not somebody waits, until LinkLost: a full pipe would block the program."""
        splitter = LineSplitter()
        loop = asyncio.get_running_loop()
        window, lines = loop.time(), 0
        try:
            while True:
                new = splitter.feed(await self._stream.read(_CHUNK))
                if loop.time() - window > self._timings.window:
                    window, lines = loop.time(), 0
                lines += len(new)
                if splitter.flooded or lines > self._most_lines or len(self._events) > _MOST_WAITING:
                    raise LinkLost("bridge floods")
                for line in new:
                    self._took(line)
        except LinkLost as lost:
            self.end(lost)
            raise

    async def ask(
        self,
        question: Ask,
        silence_s: float,
        hear: Callable[[Prompt], None] = lambda prompt: None,
        cancelled: Callable[[], bool] | None = None,
        **details: int,
    ) -> Event:
        """The answer to `question`; its prompts go to `hear`. `cancelled`: whether it is to be stopped; None if it
        cannot be. After a silence of `silence_s` it is stopped too. LinkLost when the program ended or stayed silent;
        it is killed then."""
        if self._gone is not None:
            raise self._gone
        self._number += 1
        self._waiting_for = self._number
        self._events.clear()
        try:
            await self._write(question, **details)
            return await self._answer(silence_s, hear, cancelled)
        except TimeoutError:
            self.end(LinkLost(f"bridge silent after {question.value}"))
            raise LinkLost(f"bridge silent after {question.value}") from None
        except LinkLost as lost:
            self.end(lost)
            raise
        finally:
            self._waiting_for = -1

    async def _answer(
        self, silence_s: float, hear: Callable[[Prompt], None], cancelled: Callable[[], bool] | None
    ) -> Event:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timings.whole_payment
        while True:
            try:
                wait_s = min(silence_s, deadline - loop.time())
                if wait_s <= 0:
                    raise TimeoutError
                event = await self._next(wait_s, cancelled)
            except TimeoutError:
                if cancelled is None:
                    raise
                event = None  # it fell silent, or goes on and on
            if event is None:
                cancelled, silence_s = None, self._timings.after_cancel
                deadline = loop.time() + self._timings.whole_payment
                await self._write(Ask.CANCEL)
            elif isinstance(event, Prompt):
                hear(event)
            else:
                return event

    async def _write(self, question: Ask, **details: int) -> None:
        line = request(self._number, question, **details)
        trace(DEVICE, Way.OUT, question.value, line)
        await self._stream.write(line)

    async def _next(self, seconds: float, cancelled: Callable[[], bool] | None) -> Event | None:
        """The next event of the running question; None as soon as it is `cancelled`."""
        async with asyncio.timeout(seconds):
            while not self._events:
                if self._gone is not None:
                    raise self._gone
                if cancelled is not None and cancelled():
                    return None
                self._stir.clear()
                await self._stir.wait()
        return self._events.popleft()

    def _took(self, line: bytes) -> None:
        event = read_event(line)
        label = type(event).__name__.lower() if event is not None else "nonsense"
        trace(DEVICE, Way.IN, label, line, (slice(None),))  # nobody knows what is in it
        if event is not None and event.id == self._waiting_for:
            self._events.append(event)
            self._stir.set()
