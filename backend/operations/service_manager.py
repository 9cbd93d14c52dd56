"""Tells systemd how the process is (`Type=notify`, `WatchdogSec=`): sd_notify(3), sd_watchdog_enabled(3)."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager


@asynccontextmanager
async def told(environment: Mapping[str, str] = os.environ) -> AsyncIterator[None]:
    """We are ready now; alive as long as the event loop turns; stopping at the end. Nothing without systemd."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        yield
        return
    _send(address, "READY=1")
    period = _watchdog_s(environment)
    beat = asyncio.create_task(_beating(address, period / 3)) if period else None
    try:
        yield
    finally:
        _send(address, "STOPPING=1")
        if beat is not None:
            beat.cancel()


async def _beating(address: str, every_s: float) -> None:
    while True:
        _send(address, "WATCHDOG=1")
        await asyncio.sleep(every_s)


def _send(address: str, message: str) -> None:
    """Never blocks and never raises: that systemd does not listen is no reason to stop."""
    target = "\0" + address[1:] if address.startswith("@") else address  # Linux' abstract namespace
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.setblocking(False)
            line.sendto(message.encode(), target)
    except OSError:
        pass


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """$WATCHDOG_USEC, unless $WATCHDOG_PID says it is meant for another process: children inherit both."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        microseconds = int(environment.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return microseconds / 1e6 if microseconds > 0 else None
