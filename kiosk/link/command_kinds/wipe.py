"""Forgetting everything: for a terminal that was stolen, or leaves the house. Never while money is in the air."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import structlog

from backend.contract.fleet_api import CommandAck
from kiosk.link.commands import Refuse, Task
from kiosk.link.files import sync_folder, write_whole
from kiosk.link.fleet_desk import DeskRefusal, FleetDesk
from kiosk.link.fleet_store import Remembered
from kiosk.link.identity_files import IdentityFiles
from kiosk.link.terminal_port import TerminalPort

log = structlog.get_logger()

_MARK = "wiping"
_TRIES = 3


def finish_wipe(var_dir: Path, identity: IdentityFiles) -> bool:
    """At the start, before anything is opened: end a wipe that was begun. True if there was one."""
    if not (var_dir / _MARK).exists():
        return False
    identity.forget()
    for name in (
        *(base + tail for base in ("journal.sqlite3", "fleet.sqlite3") for tail in ("-wal", "-shm", "")),
        "settings.json",
        "sequence",
    ):
        # Beside each: what was put aside because it was damaged, and what a power cut left half written.
        for path in (var_dir / name, *(var_dir / (name + tail) for tail in (".damaged", ".new"))):
            path.unlink(missing_ok=True)
    for path in var_dir.glob("*.damaged*"):
        path.unlink() if path.is_file() or path.is_symlink() else shutil.rmtree(path)
    for folder in ("log", "releases", "trial"):
        for path in sorted((var_dir / folder).rglob("*"), reverse=True):
            path.unlink() if path.is_file() or path.is_symlink() else path.rmdir()
    sync_folder(var_dir)  # all that is gone, before the mark is
    (var_dir / _MARK).unlink()
    sync_folder(var_dir)
    log.info("wiped")
    return True


class Wipe:
    """Told as done before it happens, because afterwards there is nobody to tell it as. It happens even if the desk
    does not hear. The files go when the program starts again and has none of them open."""

    patient = True

    def __init__(
        self,
        terminal: TerminalPort,
        var_dir: Path,
        desk: Callable[[], FleetDesk],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._terminal = terminal
        self._var_dir = var_dir
        self._desk = desk
        self._sleep = sleep

    async def run(self, task: Task) -> dict[str, Any]:
        session = self._terminal.between_sessions()
        try:
            async with asyncio.timeout(task.left_s()):
                await session.__aenter__()
        except TimeoutError:
            raise Refuse("session-open") from None
        try:
            task.left_s()
            if await self._terminal.open_intents():
                raise Refuse("open-intents")
            # On the disk before it is told as done: a power cut must not undo what the desk believes.
            await asyncio.to_thread(write_whole, self._var_dir / _MARK, b"")
            log.info("wiping")
            await self._tell(task.command_id)
            self._terminal.stop()
            await asyncio.sleep(60.0)
            return {}
        finally:
            await session.__aexit__(None, None, None)

    async def cut_off(self, remembered: Remembered) -> CommandAck:
        # With the mark on the disk the program does not come so far: everything was forgotten before.
        return CommandAck(state="failed", code="interrupted")

    async def _tell(self, command_id: str) -> None:
        for attempt in range(_TRIES):
            fault = await self._desk().ack(command_id, CommandAck(state="done"))
            if fault is None or isinstance(fault, DeskRefusal):
                return
            await self._sleep(2.0**attempt)
