"""What a technician sees of `menkou devices test code_scanner`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.code_scanner.driver import ScannerSettings, SerialCodeScanner
from drivers.code_scanner.trial import trial
from drivers.link.serial import SerialSettings
from drivers.trial import NOT_READY
from drivers.virtual.code_scanner import VirtualCodeScanner
from tests.drivers.link.waiting import until
from tests.drivers.technician.bilingual import english


class ScriptedConsole:
    def __init__(self, answer: bool = True) -> None:
        self.lines: list[str] = []
        self.questions: list[str] = []
        self._answer = answer

    def say(self, zh: str, en: str) -> None:
        self.lines += [zh, english(zh, en)]

    async def ask(self, zh: str, en: str) -> bool:
        self.questions.append(english(zh, en))
        return self._answer


async def tried(tmp_path: Path, console: ScriptedConsole, code: str | None, patience_s: float = 20.0) -> bool:
    device = VirtualCodeScanner(tmp_path / "s", speed=20)
    await device.start()
    driver = SerialCodeScanner(ScannerSettings(SerialSettings(str(device.pty.path))))
    await driver.open()
    await until(lambda: driver.status.ready)
    trying = asyncio.create_task(trial(driver, console, patience_s=patience_s))
    if code is not None:
        await until(lambda: device.beam)
        device.present(code)
    result = await trying
    await driver.close()
    await device.stop()
    return result


async def test_a_code_is_told_by_kind_and_length_only(tmp_path: Path) -> None:
    console = ScriptedConsole()
    assert await tried(tmp_path, console, "281234567890123456")
    assert "alipay-payment" in console.lines[-1]
    assert "18 characters" in console.lines[-1]
    assert "2812" not in repr(console.lines)


async def test_the_light_stays_on(tmp_path: Path) -> None:
    assert not await tried(tmp_path, ScriptedConsole(answer=False), "035012342718")


async def test_no_code(tmp_path: Path) -> None:
    console = ScriptedConsole()
    assert not await tried(tmp_path, console, None, patience_s=0.1)
    assert "No code was read" in console.lines[-1]


async def test_no_scanner(tmp_path: Path) -> None:
    console = ScriptedConsole()
    driver = SerialCodeScanner(ScannerSettings(SerialSettings(str(tmp_path / "absent"))))
    await driver.open()
    await until(lambda: driver.status.detail)
    assert not await trial(driver, console)
    assert console.lines == [*NOT_READY]
    await driver.close()
