"""The code scanner and what a resident holds under it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.virtual.cabinet import presets
from drivers.virtual.cabinet.desk import Desk, RefusedError
from drivers.virtual.cabinet.devices_file import Table
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.state import Present, ScannerView
from drivers.virtual.code_scanner import VirtualCodeScanner

FAMILY = "honeywell"
HELD_S = 15.0  # nobody holds a code under the scanner for longer; it must not be read on a later screen


class ScannerDesk(Desk):
    name = "scanner"

    def __init__(self, path: Path, speed: float, events: EventLog) -> None:
        super().__init__(events)
        self.path = path
        self.scanner = VirtualCodeScanner(path, family=FAMILY, speed=speed, on_event=self.event)
        self._presented = 0
        self._arm: asyncio.TimerHandle | None = None

    async def _start(self) -> None:
        await self.scanner.start()

    async def _stop(self) -> None:
        if self._arm is not None:
            self._arm.cancel()
        await self.scanner.stop()

    async def reset(self) -> None:
        self.scanner.take_away()
        self.scanner.clear()
        if not self.scanner.pty.plugged:
            self.scanner.replug()

    def table(self) -> Table:
        return {"driver": "serial", "path": str(self.path), "family": FAMILY}

    def present(self, call: Present) -> None:
        self.need()
        if (call.preset is None) == (call.text is None):
            raise RefusedError("either a preset or a text", 422)
        text = call.text
        if call.preset is not None:
            code = presets.BY_ID.get(call.preset)
            if code is None:
                raise RefusedError("no such code", 404)
            text = code.text
        if self._arm is not None:
            self._arm.cancel()
        self._arm = asyncio.get_running_loop().call_later(HELD_S, self.scanner.take_away)
        self._presented += 1
        self.scanner.present(text or "")

    def plug(self, plugged: bool) -> None:
        self.need()
        if plugged:
            self.scanner.replug()
        else:
            self.scanner.unplug()

    def view(self) -> ScannerView:
        return ScannerView(
            failure=self.failure,
            active=self.started and self.scanner.beam,
            plugged=self.scanner.pty.plugged or not self.started,
            beam=self.scanner.beam,
            presented=self._presented,
        )
