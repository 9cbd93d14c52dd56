"""The interface hangs while the rest of the program lives: nobody would notice, but for the watchdog.

Device: cabinet
Resident: (a screen that stands still, until the program starts again half a minute later)
Staff: reset
"""

from __future__ import annotations

import socket
from pathlib import Path

from drivers.cabinet.sd_notify import SystemdNotifier
from drivers.cabinet.watchdog import Heartbeats, Watchdog


def test_not_fed_until_the_interface_lives_again(tmp_path: Path) -> None:
    now = 100.0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        notifier = SystemdNotifier.from_environment(
            {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "20000000"}
        )
        assert notifier is not None
        hearts = Heartbeats(clock=lambda: now)
        ui, journal = hearts.heart("ui", 5), hearts.heart("journal", 15)
        watchdog = Watchdog(hearts, [notifier], interval_s=5)
        assert watchdog.tick()
        assert systemd.recv(100) == b"WATCHDOG=1"
        now += 6
        journal.beat()
        assert not watchdog.tick()
        assert watchdog.hungry_for == ["ui"]
        ui.beat()
        assert watchdog.tick()
        assert systemd.recv(100) == b"WATCHDOG=1"
        try:
            raise AssertionError(systemd.recv(100))
        except BlockingIOError:
            pass
