"""Starting the program or the machine again: after the resident has left, and not for ever in a circle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import structlog

from backend.contract.fleet_api import CommandAck
from kiosk.link.commands import Fail, Refuse, Task
from kiosk.link.desk_clock import DeskClock
from kiosk.link.fleet_store import FleetStore, Remembered
from kiosk.link.terminal_port import TerminalPort

log = structlog.get_logger()

MOST_AN_HOUR = 3
_ENDS_WITHIN_S = 60.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


async def systemctl_reboot() -> None:
    """Raises Fail when the machine cannot be restarted this way."""
    try:
        process = await asyncio.create_subprocess_exec(
            "systemctl", "reboot", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        code = await process.wait()
    except OSError as error:
        raise Fail("no-systemctl") from error
    if code != 0:
        raise Fail("reboot-refused")


def machine_boot() -> str:
    """Another one after each start of the machine; "" where the system does not tell."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


class Restart:
    """`{"what": "program" | "machine"}`. It is done when the program (or machine) is back: a new program tells."""

    patient = True

    def __init__(
        self,
        terminal: TerminalPort,
        store: FleetStore,
        clock: DeskClock,
        *,
        reboot: Callable[[], Awaitable[None]] = systemctl_reboot,
        boot_of_machine: Callable[[], str] = machine_boot,
        most_an_hour: int = MOST_AN_HOUR,
    ) -> None:
        self._terminal = terminal
        self._store = store
        self._clock = clock
        self._reboot = reboot
        self._boot_of_machine = boot_of_machine
        self._most_an_hour = most_an_hour

    async def run(self, task: Task) -> dict[str, Any]:
        what = task.text("what") or "program"
        if what not in ("program", "machine"):
            raise Refuse("invalid-arguments")
        await self._not_too_often(task)
        session = self._terminal.between_sessions()
        try:
            async with asyncio.timeout(task.left_s()):
                await session.__aenter__()
        except TimeoutError:
            raise Refuse("session-open") from None
        try:
            task.left_s()  # the session may have ended after the command did
            # The floor is kept from here on: no resident begins what the restart would cut off.
            await self._store.set_fact(f"restart {task.command_id}", f"{what} {self._boot_of_machine()}")
            log.info("restarting", what=what)
            if what == "machine":
                await self._reboot()
            else:
                self._terminal.stop()
            await asyncio.sleep(_ENDS_WITHIN_S)
            raise Fail("still-running")
        finally:
            await session.__aexit__(None, None, None)

    async def cut_off(self, remembered: Remembered) -> CommandAck:
        """This program is the one that came after: so it has restarted."""
        name = f"restart {remembered.command_id}"
        what, _, machine_then = (await self._store.fact(name) or "").partition(" ")
        await self._store.set_fact(name, None)
        if not what:
            return CommandAck(state="failed", code="interrupted")  # the program ended before its turn
        again = not machine_then or machine_then != self._boot_of_machine()
        if what == "machine" and not again:
            return CommandAck(state="failed", code="machine-not-restarted", result={"program": "restarted"})
        return CommandAck(state="done", result={"restarted": what})

    async def _not_too_often(self, task: Task) -> None:
        since = self._clock.best() - timedelta(hours=1)
        lately = [
            known
            for known in await self._store.of_kind_since("restart", since)
            if known.command_id != task.command_id and (known.ack is None or _was_done(known.ack))
        ]
        if len(lately) >= self._most_an_hour:
            raise Refuse("too-many-restarts")


def _was_done(ack: str) -> bool:
    return msgspec.json.decode(ack, type=CommandAck).state == "done"
