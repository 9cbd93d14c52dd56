"""The machine's own watchdog, /dev/watchdog: it restarts the machine when nobody feeds it.

On a terminal systemd should own it (`RuntimeWatchdogSec=` in system.conf) and watch us in turn; only one program can
open it. This is for a terminal without systemd.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable
from pathlib import Path

import structlog

log = structlog.get_logger()

# <linux/watchdog.h>, ioctl type 'W'
WDIOC_KEEPALIVE = 0x80045705  # _IOR('W', 5, int)
WDIOC_SETTIMEOUT = 0xC0045706  # _IOWR('W', 6, int)
WDIOC_GETTIMEOUT = 0x80045707  # _IOR('W', 7, int)
MAGIC_CLOSE = b"V"  # written last, it says that closing is meant; without it, the watchdog keeps running

Ioctl = Callable[[int, int, bytes], bytes]


class KernelWatchdog:
    """Opening it starts it. `timeout_s`: whole seconds; what the hardware makes of it is `granted_s`."""

    def __init__(self, path: Path = Path("/dev/watchdog"), timeout_s: int = 30, ioctl: Ioctl = fcntl.ioctl) -> None:
        """OSError: there is none, or another program (systemd) holds it."""
        self._ioctl = ioctl
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        self.granted_s = self._settle(timeout_s)

    def feed(self) -> bool:
        """As a `watchdog.Feeder`: False when it did not take it."""
        try:
            self._ioctl(self._descriptor, WDIOC_KEEPALIVE, struct.pack("i", 0))
        except OSError:
            return self._write(b"\0")  # any byte but 'V'; some drivers know only this
        return True

    def disarm(self) -> None:
        """For a planned end. A watchdog with `nowayout` runs on: then the machine restarts unless fed again."""
        self._write(MAGIC_CLOSE)
        os.close(self._descriptor)

    def _write(self, data: bytes) -> bool:
        try:
            return os.write(self._descriptor, data) == len(data)
        except OSError:
            return False

    def _settle(self, timeout_s: int) -> int:
        for request in (WDIOC_SETTIMEOUT, WDIOC_GETTIMEOUT):
            try:
                (granted,) = struct.unpack("i", self._ioctl(self._descriptor, request, struct.pack("i", timeout_s)))
            except OSError as error:  # some have one fixed time
                log.info("watchdog_timeout_not_set", error=type(error).__name__)
            else:
                return int(granted)
        return timeout_s
