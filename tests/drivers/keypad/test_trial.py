"""What a technician sees of `menkou devices test keypad`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.keypad.driver import EvdevKeypad, KeypadSettings
from drivers.keypad.trial import trial
from drivers.trial import NOT_READY
from drivers.virtual.keypad import VirtualKeypad
from tests.drivers.link.waiting import until
from tests.drivers.technician.bilingual import english


class ScriptedConsole:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.questions: list[str] = []

    def say(self, zh: str, en: str) -> None:
        self.lines.append(english(zh, en))

    async def ask(self, zh: str, en: str) -> bool:
        self.questions.append(english(zh, en))
        return True


async def tried(tmp_path: Path, console: ScriptedConsole, *keys: str) -> bool:
    device = VirtualKeypad(tmp_path / "k", speed=20)
    await device.start()
    driver = EvdevKeypad(KeypadSettings(str(device.input.pty.path)))
    await driver.open()
    await until(lambda: driver.status.ready)
    trying = asyncio.create_task(trial(driver, console, quiet_s=0.5))
    await until(lambda: console.lines)
    for key in keys:
        await (device.press_unknown() if key == "?" else device.press(key))
    result = await trying
    await driver.close()
    await device.stop()
    return result


async def test_all_is_well(tmp_path: Path) -> None:
    console = ScriptedConsole()
    assert await tried(tmp_path, console, "up", "down", "confirm", "back", "5")
    assert console.lines[1:] == ["Key: up", "Key: down", "Key: confirm", "Key: back", "Key: 5"]
    assert console.questions


async def test_a_key_is_missing_and_one_has_no_meaning(tmp_path: Path) -> None:
    console = ScriptedConsole()
    assert not await tried(tmp_path, console, "up", "?", "confirm", "back")
    assert any("without meaning, pressed: 1." in line for line in console.lines)
    assert "Not pressed, or not known: down" in console.lines
    assert not console.questions


async def test_no_keypad(tmp_path: Path) -> None:
    console = ScriptedConsole()
    driver = EvdevKeypad(KeypadSettings(str(tmp_path / "absent")))
    await driver.open()
    await until(lambda: driver.status.detail)
    assert not await trial(driver, console)
    assert console.lines == [NOT_READY[1]]
    await driver.close()
