"""The kiosk's own vitals with the limits shortened fifty times, and systemd at the other end of the line."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.cabinet.sd_notify import SystemdNotifier
from kiosk import vitals

SCALE = 50
WATCHDOG_S = 20.0  # WatchdogSec= as the docstrings count it


class Systemd:
    """Waits for its food."""

    def __init__(self, folder: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(str(folder / "notify"))
        self._line.setblocking(False)
        self.notifier = SystemdNotifier(str(folder / "notify"), WATCHDOG_S / SCALE)

    def fed(self) -> bool:
        """Whether it was fed since it was last asked."""
        found = False
        while True:
            try:
                found |= self._line.recv(256) == b"WATCHDOG=1"
            except BlockingIOError:
                return found

    async def until_hungry(self) -> None:
        """It has heard nothing for as long as it waits: now it starts the program again."""
        last = time.monotonic()
        async with asyncio.timeout(20):
            while time.monotonic() - last < WATCHDOG_S / SCALE:
                await asyncio.sleep(0.01)
                if self.fed():
                    last = time.monotonic()

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    for name in ("INTERFACE_S", "JOURNAL_S", "JOURNAL_EVERY_S", "DEVICES_S"):
        monkeypatch.setattr(vitals, name, getattr(vitals, name) / SCALE)
    service = Systemd(tmp_path)
    yield service
    service.close()


class Pulse:
    """Something that calls, about every second, until it hangs."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def __call__(self, call: Callable[[], None]) -> None:
        async def beat() -> None:
            while True:
                call()
                await asyncio.sleep(1 / SCALE)

        self._task = asyncio.create_task(beat())

    async def hang(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])
