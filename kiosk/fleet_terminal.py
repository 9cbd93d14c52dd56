"""The terminal as the fleet's agent sees it: reception, screen, loudness and settings behind one port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from content.schema.text import Text
from drivers.manager import DeviceSet
from kiosk.idle import PatientStage
from kiosk.journeys.context import Terminal
from kiosk.reception import Reception


class FleetTerminal:
    """`own`: the desk's settings as the kiosk's environment has them. `picture()`: of the screen, PNG. `stop()`: ends
    the program. `applied()`: other settings are in force."""

    def __init__(
        self,
        terminal: Terminal,
        reception: Reception,
        patient: PatientStage,
        *,
        own: Mapping[str, Any],
        picture: Callable[[], Awaitable[bytes]],
        stop: Callable[[], None],
        applied: Callable[[], None],
        facts: Mapping[str, Any],
    ) -> None:
        self._terminal = terminal
        self._reception = reception
        self._patient = patient
        self._picture = picture
        self._stop = stop
        self._applied = applied
        self._facts = facts
        self._own = own
        self._volume_is_the_desks = terminal.settings.volume != own.get("volume", terminal.settings.volume)

    @property
    def session_open(self) -> bool:
        return self._reception.session_open

    @property
    def at_home(self) -> bool:
        return self._reception.at_home

    @asynccontextmanager
    async def between_sessions(self) -> AsyncIterator[None]:
        async with self._reception.between_sessions():
            yield

    @property
    def devices(self) -> DeviceSet:
        return self._terminal.devices

    def close_for(self, who: str, reason: Text | None) -> None:
        self._reception.close_for(who, reason)

    async def picture(self) -> bytes:
        return await self._picture()

    def set_volume(self, percent: int) -> None:
        self._volume_is_the_desks = False
        self._terminal.loudness.set_default(percent)

    def apply_settings(self, values: Mapping[str, Any]) -> None:
        """Into the settings everybody reads from; who has taken a copy is told."""
        settings = self._terminal.settings
        for key, own in self._own.items():
            setattr(settings, key, values.get(key, own))
        if "volume" in values or self._volume_is_the_desks:  # what the desk takes back is ours again
            self._terminal.loudness.set_default(settings.volume)
        self._volume_is_the_desks = "volume" in values
        self._patient.set_scale(settings.idle_scale)
        self._applied()

    async def open_intents(self) -> int:
        return len(await self._terminal.journal.open_intents())

    def stop(self) -> None:
        self._stop()

    def facts(self) -> Mapping[str, Any]:
        return self._facts
