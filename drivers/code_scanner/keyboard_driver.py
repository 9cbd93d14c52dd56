"""Scanners that pretend to be a keyboard, read through evdev. A serial line is better where there is the choice: these
cannot be switched off, know no Chinese, and while nobody has grabbed them they type into whatever has the focus."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import structlog

from drivers.code_scanner.classify import CodeRules
from drivers.code_scanner.inbox import CodeInbox, judge
from drivers.code_scanner.keyboard import KeyboardParser, KeyboardRhythm
from drivers.code_scanner.port import ScanContext, ScannedCode
from drivers.link.input_events import RECORD, EventParser, InputLink, open_input
from drivers.link.stream import LinkLost
from drivers.link.supervise import Backoff, end_supervision, keep_connected
from drivers.link.trace import Way, trace
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()

NAME = "code_scanner"


@dataclass(frozen=True)
class KeyboardScannerSettings:
    """`path`: see `open_input`. `repeat_s`: the same code again within this is the same presentation of it."""

    path: str
    rules: CodeRules = field(default_factory=CodeRules)
    rhythm: KeyboardRhythm = field(default_factory=KeyboardRhythm)
    repeat_s: float = 3.0
    backoff: Backoff = field(default_factory=Backoff)


class KeyboardCodeScanner:
    """A `CodeScanner`."""

    def __init__(self, settings: KeyboardScannerSettings) -> None:
        self._settings = settings
        self._status = DeviceStatus()
        self._keeper: asyncio.Task[None] | None = None
        self._codes = KeyboardParser(settings.rhythm)
        self._inbox = CodeInbox(settings.repeat_s)

    @property
    def status(self) -> DeviceStatus:
        counters = dict(self._inbox.counters)
        counters["codes_rejected"] += self._codes.rejected
        counters["codes_with_control_keys"] = self._codes.with_modifiers
        return replace(self._status, counters=counters)

    async def open(self) -> None:
        if self._keeper is None:
            self._set_status(DeviceStatus(DeviceState.STARTING))
            self._keeper = keep_connected(
                NAME, lambda: open_input(self._settings.path), self._serve, self._on_lost, self._settings.backoff
            )

    async def close(self) -> None:
        await end_supervision(self._keeper)
        self._keeper = None
        self._set_status(DeviceStatus(DeviceState.OFFLINE, detail="closed"))

    async def refresh(self) -> DeviceStatus:
        """A keyboard cannot be asked; that it was unplugged, the kernel says at once."""
        return self.status

    async def scan(self, context: ScanContext) -> ScannedCode:
        """See `CodeScanner`. There is no beam to switch; codes that came before the question are not answers."""
        async with self._inbox.question() as wanted:
            self._codes.skip_begun()
            text = await wanted
        return judge(text, context, self._settings.rules)

    async def _serve(self, link: InputLink) -> None:
        events = EventParser()
        self._codes.reset()
        trace(NAME, Way.NOTE, f"connected: {link.identity}")
        self._set_status(DeviceStatus(DeviceState.ONLINE, identity=link.identity))
        while True:
            data = await link.read(64 * RECORD.size)
            trace(NAME, Way.IN, "key events", data, secret=(slice(None),))
            before = self._codes.with_modifiers
            for code in self._codes.feed(events.feed(data)):
                self._inbox.offer(code)
            if self._codes.with_modifiers > before:
                log.warning("code_with_control_keys_rejected")

    def _on_lost(self, reason: LinkLost) -> None:
        trace(NAME, Way.NOTE, f"lost: {reason}")
        self._set_status(DeviceStatus(DeviceState.OFFLINE, action=Action.MAINTENANCE, detail=str(reason)))

    def _set_status(self, status: DeviceStatus) -> None:
        if not status.same_trouble(self._status):
            log.info("code_scanner_status", state=status.device.value, action=status.action.value, detail=status.detail)
        self._status = status
