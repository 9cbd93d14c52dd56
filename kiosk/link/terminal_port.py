"""What the fleet's agent asks of the terminal it runs on. The agent never shows a screen or drives a device itself."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from content.schema.text import Text
from drivers.manager import DeviceSet


class TerminalPort(Protocol):
    @property
    def session_open(self) -> bool:
        """A resident is being served."""

    @property
    def at_home(self) -> bool:
        """The first screen is shown, or why the terminal is closed: nothing of a person."""

    def between_sessions(self) -> AbstractAsyncContextManager[None]:
        """Waits for the end of the session or recovery that runs; inside, none begins."""

    @property
    def devices(self) -> DeviceSet: ...

    def close_for(self, who: str, reason: Text | None) -> None:
        """Take the terminal out of service for residents, after the session that runs; None: `who` has no reason any
        more. It serves when nobody has one."""

    async def picture(self) -> bytes:
        """What is on the screen now, PNG."""

    def set_volume(self, percent: int) -> None:
        """From now on, and at the start of every session."""

    def apply_settings(self, values: Mapping[str, Any]) -> None:
        """What the desk has set, checked; what is absent is as the kiosk's own environment says. Call between
        sessions."""

    async def open_intents(self) -> int:
        """How many matters of residents are not settled."""

    def stop(self) -> None:
        """End the program, in order; whoever supervises it starts it again."""

    def facts(self) -> Mapping[str, Any]:
        """Terminal number, place, versions: for slips and log bundles."""
