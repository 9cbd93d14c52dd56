"""Scanners on a serial line (RS-232 or USB-CDC), switched on only while a screen asks for a code."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

from drivers.code_scanner.classify import DEFAULT_BILL_ACCOUNT, classify
from drivers.code_scanner.frames import COMMANDS, Answer, Code, Family, ScanParser
from drivers.code_scanner.port import ScanContext, ScannedCode
from drivers.link.serial import SerialSettings, SerialStream, open_serial
from drivers.link.stream import LinkLost
from drivers.link.supervise import Backoff, end_supervision, keep_connected
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()


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
    """`bill_account`: the region's account numbers, as a regular expression for the whole text."""

    line: SerialSettings
    family: Family = Family.HONEYWELL
    bill_account: str = DEFAULT_BILL_ACCOUNT
    timings: ScannerTimings = field(default_factory=ScannerTimings)
    backoff: Backoff = field(default_factory=Backoff)


class SerialCodeScanner:
    """A `CodeScanner`."""

    def __init__(self, settings: ScannerSettings) -> None:
        self._settings = settings
        self._timings = settings.timings
        self._commands = COMMANDS[settings.family]
        self._status = DeviceStatus()
        self._keeper: asyncio.Task[None] | None = None
        self._stream: SerialStream | None = None
        self._stream_changed = asyncio.Event()  # replaced at each change
        self._parser = ScanParser()
        self._one_scan = asyncio.Lock()
        self._answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._wanted: asyncio.Future[str] | None = None
        self._last: tuple[int, float] | None = None  # hash and time of the last code; never the code itself

    @property
    def status(self) -> DeviceStatus:
        return self._status

    async def open(self) -> None:
        if self._keeper is None:
            self._status = DeviceStatus(DeviceState.STARTING)
            self._keeper = keep_connected(
                "code_scanner",
                lambda: open_serial(self._settings.line),
                self._serve,
                self._on_lost,
                self._settings.backoff,
            )

    async def close(self) -> None:
        await end_supervision(self._keeper)
        self._keeper = None
        self._status = DeviceStatus(DeviceState.OFFLINE, detail="closed")

    async def refresh(self) -> DeviceStatus:
        """Asks nobody: a resting scanner is asked by itself, a working one shows that it is there."""
        return self._status

    async def scan(self, context: ScanContext) -> ScannedCode:
        """See `CodeScanner`. Codes that came before the question are not answers to it."""
        async with self._one_scan:
            self._wanted = asyncio.get_running_loop().create_future()
            self._parser.skip_begun()
            try:
                text = await self._triggered(self._wanted)
            finally:
                self._wanted = None
                await self._send(self._commands.untrigger)
            code = classify(text, context, self._settings.bill_account)
            log.info("code_scanned", kind=code.kind.value, context=context.value)
            return code

    async def _triggered(self, wanted: asyncio.Future[str]) -> str:
        """Keep the beam on, across reconnections, until a code comes."""
        while True:
            changed = self._stream_changed
            await self._send(self._commands.trigger)
            waiting = asyncio.create_task(changed.wait())
            try:
                either: set[asyncio.Future[Any]] = {wanted, waiting}
                await asyncio.wait(either, timeout=self._timings.retrigger, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
            if wanted.done():
                return wanted.result()

    async def _send(self, command: bytes) -> None:
        """To whatever is connected; a scanner that is gone needs no command."""
        if command and self._stream is not None:
            with suppress(LinkLost):
                await self._stream.write(command)

    # the connection

    async def _serve(self, stream: SerialStream) -> None:
        self._parser.reset()
        pump = asyncio.create_task(self._pump(stream), name="code-scanner-pump")
        try:
            await self._set_up(stream, pump)
            self._publish(stream)
            while True:
                done, _ = await asyncio.wait({pump}, timeout=self._timings.check_interval)
                if done:
                    pump.result()
                if not self._one_scan.locked():
                    await self._set_up(stream, pump)
        finally:
            self._publish(None)
            pump.cancel()
            await asyncio.wait({pump})

    async def _set_up(self, stream: SerialStream, pump: asyncio.Task[None]) -> None:
        """Switch to manual mode, which also shows that somebody is there. LinkLost when nobody is."""
        if not self._commands.manual_mode:
            self._status = DeviceStatus(DeviceState.ONLINE, detail="cannot be asked: no commands")
            return
        for _ in range(2):
            while not self._answers.empty():
                self._answers.get_nowait()
            await stream.write(self._commands.manual_mode)
            answer = asyncio.create_task(self._answers.get())
            either: set[asyncio.Task[Any]] = {answer, pump}
            done, _ = await asyncio.wait(either, timeout=self._timings.answer, return_when=asyncio.FIRST_COMPLETED)
            answer.cancel()
            if pump in done:
                pump.result()
            if answer in done:
                self._answered(answer.result())
                return
        raise LinkLost("scanner silent")

    def _answered(self, answer: Answer) -> None:
        """One that refuses manual mode still scans; it only may read before it is asked, which is ignored."""
        detail = "" if answer is Answer.OK else f"manual trigger mode {answer.value}"
        if detail and self._status.detail != detail:
            log.warning("code_scanner_not_configured", answer=answer.value)
        self._status = DeviceStatus(DeviceState.ONLINE, detail=detail)

    def _publish(self, stream: SerialStream | None) -> None:
        self._stream = stream
        changed, self._stream_changed = self._stream_changed, asyncio.Event()
        changed.set()

    def _on_lost(self, reason: LinkLost) -> None:
        self._status = DeviceStatus(DeviceState.OFFLINE, action=Action.MAINTENANCE, detail=str(reason))

    # the codes

    async def _pump(self, stream: SerialStream) -> None:
        while True:
            try:
                patience = self._timings.idle_flush if self._parser.waiting else None
                async with asyncio.timeout(patience):
                    data = await stream.read(4096)
            except TimeoutError:
                found = self._parser.flush()
            else:
                found = self._parser.feed(data)
            for item in found:
                if isinstance(item, Code):
                    await self._deliver(item)
                else:
                    self._answers.put_nowait(item)

    async def _deliver(self, code: Code) -> None:
        wanted = self._wanted
        if wanted is None or wanted.done():
            return
        text, now = code.text(), asyncio.get_running_loop().time()
        fingerprint = hash(code.data)  # salted anew by each process
        if text is None:
            log.info("code_not_text", bytes=len(code.data))
        elif self._last is not None and self._last[0] == fingerprint and now - self._last[1] < self._timings.repeat:
            log.info("code_repeated")
        else:
            self._last = (fingerprint, now)
            wanted.set_result(text)
            return
        await self._send(self._commands.trigger)  # reading has switched the beam off
