"""Tells systemd how the program is (`Type=notify`, `WatchdogSec=`): sd_notify(3), sd_watchdog_enabled(3)."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class SystemdNotifier:
    """Datagrams to $NOTIFY_SOCKET. Sending never blocks and never raises: False when systemd did not take it."""

    def __init__(self, address: str, watchdog_s: float | None = None) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address  # Linux' abstract namespace
        self.watchdog_s = watchdog_s  # systemd restarts us when it hears nothing for so long; None: it does not watch

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> SystemdNotifier | None:
        """None when systemd did not start us, or does not listen."""
        address = environment.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):  # vsock: is for virtual machines
            return None
        return cls(address, _watchdog_s(environment))

    def ready(self) -> bool:
        """Start-up is over."""
        return self._send("READY=1")

    def watchdog(self) -> bool:
        """We live."""
        return self._send("WATCHDOG=1")

    def status(self, text: str) -> bool:
        """One line for `systemctl status`."""
        return self._send("STATUS=" + " ".join(text.split()))

    def stopping(self) -> bool:
        return self._send("STOPPING=1")

    def feed(self) -> bool:
        """As a `watchdog.Feeder`."""
        return self.watchdog()

    def _send(self, message: str) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.setblocking(False)
                line.sendto(message.encode(), self._address)
        except OSError:
            return False
        return True


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """$WATCHDOG_USEC, unless $WATCHDOG_PID says it is meant for another process: children inherit both."""
    pid = environment.get("WATCHDOG_PID", "")
    if pid and pid != str(os.getpid()):
        return None
    try:
        microseconds = int(environment.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return microseconds / 1e6 if microseconds > 0 else None
