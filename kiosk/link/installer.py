"""What a rollout puts in place. Each kind (content, system software, trial) has an installer of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from backend.contract.fleet_api import RolloutOrder
from kiosk.link.files import sync_folder, write_whole
from kiosk.link.fleet_desk import DeskFault, FleetDesk


class InstallFailed(Exception):
    """The new version does not run; `code` says why. The old one runs on or again."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Way:
    """How an installer gets what it needs. `desk()`: the connection in use now. `payload()`: the order's payload,
    verified; may be awaited for hours. `pause(attempt, fault)`: waits between two tries. `now()`: the time, None if
    nobody knows it."""

    desk: Callable[[], FleetDesk]
    payload: Callable[[], Awaitable[Path]]
    pause: Callable[[int, DeskFault], Awaitable[None]]
    now: Callable[[], datetime | None]


class Installer(Protocol):
    """All calls may be repeated after a power cut at any point. Blocking work is done in a thread."""

    def version(self) -> str:
        """Which version runs; "" if none was ever installed."""

    async def fetch(self, order: RolloutOrder, way: Way) -> Path:
        """The payload, verified, and on the disk all that `install` needs besides. Residents are served meanwhile.
        Raises InstallFailed."""

    async def install(self, payload: Path, version: str) -> None:
        """Put the (verified) payload in the place of what runs, and keep that. Raises InstallFailed."""

    async def check(self, version: str) -> str:
        """The new version runs, and well. A code of what could not be looked at, "" if all was. Raises
        InstallFailed."""

    async def go_back(self, version: str) -> None:
        """If `version` runs, return to the one kept from before it."""


class TrialInstaller:
    """Rehearses rollouts without changing anything a resident sees. The payload is JSON:
    `{"version": …, "behaviour": "ok" | "fails-self-check" | "refuses"}`.

    `current` and `previous` are renamed, so there is a whole one at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def version(self) -> str:
        return str(self._read("current").get("version", ""))

    async def fetch(self, order: RolloutOrder, way: Way) -> Path:
        return await way.payload()

    async def install(self, payload: Path, version: str) -> None:
        content = _json(payload)
        if content.get("version") != version:
            raise InstallFailed("version-differs")
        if content.get("behaviour") == "refuses":
            raise InstallFailed("not-installable")
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.version() == version:
            return  # the power went just after the rename
        await asyncio.to_thread(self._put, payload)

    def _put(self, payload: Path) -> None:
        if (self._folder / "current").exists():
            write_whole(self._folder / "previous", (self._folder / "current").read_bytes())
        write_whole(self._folder / "current", payload.read_bytes())

    async def check(self, version: str) -> str:
        current = self._read("current")
        if current.get("version") != version:
            raise InstallFailed("other-version-runs")
        if current.get("behaviour") != "ok":
            raise InstallFailed("self-check-failed")
        return ""

    async def go_back(self, version: str) -> None:
        if self.version() != version:
            return
        previous = self._folder / "previous"
        if previous.exists():
            previous.replace(self._folder / "current")
        else:
            (self._folder / "current").unlink(missing_ok=True)
        if self._folder.exists():
            sync_folder(self._folder)

    def _read(self, name: str) -> dict[str, Any]:
        return _json(self._folder / name)


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
