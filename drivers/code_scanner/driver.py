"""Scanners on a serial line (RS-232 or USB-CDC), switched on only while a screen asks for a code."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from drivers.code_scanner.classify import CodeRules
from drivers.code_scanner.frames import COMMANDS, Answer, Code, Command, Family, Mark, ScanParser
from drivers.code_scanner.identity import identity_of
from drivers.code_scanner.inbox import CodeInbox, judge
from drivers.code_scanner.port import ScanContext, ScannedCode
from drivers.link.serial import SerialSettings, SerialStream, open_serial
from drivers.link.stream import LinkLost
from drivers.link.supervise import Backoff, end_supervision, keep_connected
from drivers.link.trace import Way, trace
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()

NAME = "code_scanner"
_ALL = (slice(None),)
_MAX_LINES = 32  # of a scanner's words about itself


@dataclass(frozen=True)
class ScannerTimings:
    """Seconds."""

    answer: float = 1.5  # to a command
    idle_flush: float = 0.1  # without a suffix, silence ends a code
    repeat: float = 3.0  # the same code again within this is the same presentation of it
    retrigger: float = 10.0  # scanners switch the beam off by themselves
    check_interval: float = 30.0  # how often a resting scanner is asked whether it is there


@dataclass(frozen=True)
class ScannerSettings:
    line: SerialSettings
    family: Family = Family.HONEYWELL
    rules: CodeRules = field(default_factory=CodeRules)
    timings: ScannerTimings = field(default_factory=ScannerTimings)
    backoff: Backoff = field(default_factory=Backoff)


class SerialCodeScanner:
    """A `CodeScanner`."""

    def __init__(self, settings: ScannerSettings) -> None:
        self._settings = settings
        self._timings = settings.timings
        self._commands = COMMANDS[settings.family]
        self._status = DeviceStatus()
        self._identity = ""
        self._keeper: asyncio.Task[None] | None = None
        self._stream: SerialStream | None = None
        self._stream_changed = asyncio.Event()  # replaced at each change
        self._parser = ScanParser()
        self._inbox = CodeInbox(self._timings.repeat)
        self._one_command = asyncio.Lock()
        self._asked: tuple[Command, asyncio.Future[Answer]] | None = None
        self._lines: list[str] | None = None  # what it says while it is asked who it is

    @property
    def status(self) -> DeviceStatus:
        counters = dict(self._inbox.counters)
        counters["codes_rejected"] += self._parser.dropped
        return replace(self._status, counters=counters, identity=self._identity)

    async def open(self) -> None:
        if self._keeper is None:
            self._set_status(DeviceStatus(DeviceState.STARTING))
            self._keeper = keep_connected(
                NAME, lambda: open_serial(self._settings.line), self._serve, self._on_lost, self._settings.backoff
            )

    async def close(self) -> None:
        await end_supervision(self._keeper)
        self._keeper = None
        self._set_status(DeviceStatus(DeviceState.OFFLINE, detail="closed"))

    async def refresh(self) -> DeviceStatus:
        """One that rests is asked; one that is being used is not disturbed."""
        stream = self._stream
        if stream is not None and not self._inbox.busy:
            try:
                self._set_status(await self._set_up(stream))
            except LinkLost as lost:
                self._on_lost(lost)
                await stream.close()  # so that it is opened anew
        return self.status

    async def scan(self, context: ScanContext) -> ScannedCode:
        """See `CodeScanner`. Codes that came before the question are not answers to it."""
        async with self._inbox.question() as wanted:
            self._parser.skip_begun()
            try:
                text = await self._triggered(wanted)
            finally:
                await self._trigger(False)
        return judge(text, context, self._settings.rules)

    async def _triggered(self, wanted: asyncio.Future[str]) -> str:
        """Keep the beam on, across reconnections, until a code comes."""
        while True:
            changed = self._stream_changed
            await self._trigger(True)
            waiting = asyncio.create_task(changed.wait())
            try:
                either: set[asyncio.Future[Any]] = {wanted, waiting}
                await asyncio.wait(either, timeout=self._timings.retrigger, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
            if wanted.done():
                return wanted.result()

    async def _trigger(self, on: bool) -> None:
        """To whatever is connected; a scanner that is gone needs no command. Its answer is not waited for: the code
        is the answer, and an empty beam is switched on again."""
        if self._commands is not None and self._stream is not None:
            with suppress(LinkLost):
                await self._write(self._stream, self._commands.trigger if on else self._commands.untrigger)

    # the connection

    async def _serve(self, stream: SerialStream) -> None:
        self._parser.reset()
        self._identity = ""
        trace(NAME, Way.NOTE, "connected")
        pump = asyncio.create_task(self._pump(stream), name="code-scanner-pump")
        try:
            status = await self._set_up(stream)
            await self._ask_who(stream)
            self._publish(stream)
            self._set_status(status)
            while True:
                done, _ = await asyncio.wait({pump}, timeout=self._timings.check_interval)
                if done:
                    pump.result()
                if not self._inbox.busy:
                    self._set_status(await self._set_up(stream))
        finally:
            self._publish(None)
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)  # what ended it has been heard by whoever asked

    async def _set_up(self, stream: SerialStream) -> DeviceStatus:
        """Switch to manual mode, which also shows that somebody is there. LinkLost when nobody is.

        One that refuses still scans, but may read before it is asked; somebody has to configure it.
        """
        if self._commands is None:
            return DeviceStatus(DeviceState.ONLINE, detail="cannot be asked: no commands")
        for _ in range(2):
            answer = await self._ask(stream, self._commands.manual_mode)
            if answer is None:
                continue
            if answer.mark is Mark.OK:
                return DeviceStatus(DeviceState.ONLINE)
            detail = f"manual trigger mode {answer.mark.value}"
            return DeviceStatus(DeviceState.ONLINE, action=Action.MAINTENANCE, detail=detail)
        raise LinkLost("scanner silent")

    async def _ask_who(self, stream: SerialStream) -> None:
        """Not every model tells; that is no fault. It answers in lines that look like codes, so nobody may ask for a
        code meanwhile."""
        if self._commands is None:
            return
        command = self._commands.identity
        self._lines = []
        try:
            answer = await self._ask(stream, command)
            if answer is None:
                await self._set_up(stream)  # answers come in order: what is still to come of the other is behind us
            elif answer.mark is Mark.OK:
                self._identity = identity_of(self._lines + answer.echo[len(command.name) :].splitlines())
        finally:
            self._lines = None

    async def _ask(self, stream: SerialStream, command: Command) -> Answer | None:
        """The answer, or None when none came in time. LinkLost."""
        async with self._one_command:
            future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self._asked = (command, future)
            try:
                await self._write(stream, command)
                async with asyncio.timeout(self._timings.answer):
                    return await future
            except TimeoutError:
                trace(NAME, Way.NOTE, f"no answer to {command.name}")
                return None
            finally:
                self._asked = None

    async def _write(self, stream: SerialStream, command: Command) -> None:
        trace(NAME, Way.OUT, command.name or "trigger", command.data)
        await stream.write(command.data)

    def _publish(self, stream: SerialStream | None) -> None:
        self._stream = stream
        changed, self._stream_changed = self._stream_changed, asyncio.Event()
        changed.set()

    def _on_lost(self, reason: LinkLost) -> None:
        trace(NAME, Way.NOTE, f"lost: {reason}")
        self._set_status(DeviceStatus(DeviceState.OFFLINE, action=Action.MAINTENANCE, detail=str(reason)))

    def _set_status(self, status: DeviceStatus) -> None:
        if not status.same_trouble(self._status):
            log.info("code_scanner_status", state=status.device.value, action=status.action.value, detail=status.detail)
        self._status = status

    # what it says

    async def _pump(self, stream: SerialStream) -> None:
        try:
            while True:
                for item in await self._heard(stream):
                    if isinstance(item, Code):
                        await self._take_code(stream, item)
                    else:
                        self._take_answer(item)
        except LinkLost as lost:
            if self._asked is not None and not self._asked[1].done():
                self._asked[1].set_exception(lost)
            raise

    async def _heard(self, stream: SerialStream) -> list[Code | Answer]:
        patience = self._timings.idle_flush if self._parser.waiting else None
        try:
            async with asyncio.timeout(patience):
                data = await stream.read(4096)
        except TimeoutError:
            return self._parser.flush()
        return self._parser.feed(data)

    async def _take_code(self, stream: SerialStream, code: Code) -> None:
        trace(NAME, Way.IN, "code", code.data, secret=_ALL)
        if self._lines is not None:
            if len(self._lines) < _MAX_LINES:
                self._lines.append(code.data.decode("ascii", "replace"))
        elif self._inbox.offer(code) and self._commands is not None:
            await self._write(stream, self._commands.trigger)  # reading has switched the beam off

    def _take_answer(self, answer: Answer) -> None:
        command = self._asked[0] if self._asked is not None else None
        meant = command is not None and answer.to(command)
        trace(NAME, Way.IN, f"answer: {answer.mark.value}", answer.echo.encode("ascii"), secret=() if meant else _ALL)
        if meant and self._asked is not None and not self._asked[1].done():
            self._asked[1].set_result(answer)
