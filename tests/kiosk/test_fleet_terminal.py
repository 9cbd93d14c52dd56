"""What the desk sets, and what it takes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from backend.contract.kiosk_settings import SETTINGS as TABLE
from kiosk.fleet_terminal import FleetTerminal
from kiosk.journeys.context import Terminal
from kiosk.settings import KioskSettings
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import House


class _Patient:
    def set_scale(self, scale: float) -> None: ...


async def _picture() -> bytes:
    return b""


def _terminal(terminal: Terminal, own: dict[str, Any]) -> FleetTerminal:
    return FleetTerminal(
        terminal,
        None,  # type: ignore[arg-type]
        _Patient(),  # type: ignore[arg-type]
        own=own,
        picture=_picture,
        stop=lambda: None,
        applied=lambda: None,
        facts={},
    )


async def test_a_volume_taken_back_is_the_kiosks_own_again_at_once(tmp_path: Path) -> None:
    async with House(tmp_path / "j.sqlite3", World()) as house:
        terminal = house.terminal
        terminal.settings = KioskSettings(volume=60)
        own = {key: getattr(terminal.settings, key) for key in TABLE}
        port = _terminal(terminal, own)
        port.apply_settings({"volume": 20})
        assert terminal.loudness.percent == 20
        port.apply_settings({})
        assert terminal.loudness.percent == 60


async def test_a_volume_that_was_ordered_is_not_taken_back_with_a_setting(tmp_path: Path) -> None:
    async with House(tmp_path / "j.sqlite3", World()) as house:
        terminal = house.terminal
        terminal.settings = KioskSettings(volume=60)
        own = {key: getattr(terminal.settings, key) for key in TABLE}
        port = _terminal(terminal, own)
        port.apply_settings({"volume": 20})
        port.set_volume(35)
        port.apply_settings({})
        assert terminal.loudness.percent == 35


async def test_set_before_the_program_started_and_taken_back_after(tmp_path: Path) -> None:
    async with House(tmp_path / "j.sqlite3", World()) as house:
        terminal = house.terminal
        terminal.settings = KioskSettings(volume=60)
        own = {key: getattr(terminal.settings, key) for key in TABLE}
        terminal.settings.volume = 20
        terminal.loudness.set_default(20)
        port = _terminal(terminal, own)
        port.apply_settings({})
        assert terminal.loudness.percent == 60
