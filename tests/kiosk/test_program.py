"""The wiring: what the devices beside the screen do once the program runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from content.build import CATALOGUE, build
from drivers.keypad.port import Key as DriverKey
from drivers.keypad.port import KeyPress as DriverKeyPress
from drivers.manager import DeviceSet
from drivers.status import DeviceState, DeviceStatus
from kiosk.app import Program
from kiosk.keys import Key, KeyPress
from kiosk.settings import KioskSettings
from tests.kiosk.cabinets import FakeCabinet
from tests.kiosk.journeys.fakes import ScriptedStage, Wait
from tests.kiosk.test_reception import _until


class ProgramStage(ScriptedStage):
    """A stage with nobody before it."""

    on_leave: Callable[[], None] | None = None
    on_call_staff: Callable[[], None] | None = None

    def __init__(self) -> None:
        super().__init__({"Home": Wait(), "OutOfService": Wait()})
        self.pressed: list[KeyPress] = []

    def press(self, press: KeyPress) -> None:
        self.pressed.append(press)

    def beat(self, call: Callable[[], None]) -> None: ...

    async def picture(self) -> bytes:
        return b""


class FakeKeypad:
    def __init__(self, *keys: DriverKey) -> None:
        self.keys = list(keys)
        self.status = DeviceStatus(DeviceState.ONLINE)

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def refresh(self) -> DeviceStatus:
        return self.status

    async def next_key(self) -> DriverKeyPress:
        if not self.keys:
            await asyncio.Event().wait()
        return DriverKeyPress(self.keys.pop(0))


async def test_keys_reach_the_screen_and_the_screen_dims(tmp_path: Path) -> None:
    build(CATALOGUE, tmp_path / "content")
    (tmp_path / "devices.toml").write_text("", "utf-8")
    settings = KioskSettings(
        var_dir=tmp_path,
        content_dir=tmp_path / "content",
        devices_file=tmp_path / "devices.toml",
        backend_url="http://127.0.0.1:9",
        dim_after_s=0.5,
        dim_percent=20,
        volume=40,
    )
    program = Program(settings)
    cabinet, stage = FakeCabinet(), ProgramStage()
    program.devices = DeviceSet(cabinet=cabinet, keypad=FakeKeypad(DriverKey.LOUDER, DriverKey.DOWN))
    task = asyncio.create_task(program.run(stage))
    try:
        await _until(lambda: ("backlight", 20) in cabinet.told)
        assert [press.key for press in stage.pressed] == [Key.LOUDER, Key.DOWN]
        assert [told for told in cabinet.told if told[0] == "volume"][-1] == ("volume", 50)
        assert cabinet.told.index(("backlight", 100)) < cabinet.told.index(("backlight", 20))
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
