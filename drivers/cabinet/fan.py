"""A fan whose speed the mainboard measures (hwmon); one with an alarm wire is a line of the box instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drivers.cabinet.off_loop import HungError, OffLoop
from drivers.cabinet.part import PolledPart, Trouble, broken
from drivers.cabinet.sysfs import hwmon_named, read_int

READ_S = 3.0


@dataclass(frozen=True)
class FanSettings:
    """`hwmon`: the chip's name; `fan`: the number in `fan1_input`; below `least_rpm` it stands still."""

    hwmon: str
    fan: int = 1
    least_rpm: int = 200
    sysfs: Path = Path("/sys")
    poll_s: float = 5.0


class FanPart(PolledPart):
    name = "fan"

    def __init__(self, settings: FanSettings) -> None:
        super().__init__(settings.poll_s)
        self._settings = settings
        self._calls = OffLoop("fan")
        self.turns: bool | None = None

    async def _look(self) -> Trouble | None:
        settings = self._settings
        try:
            rpm = await self._calls.run(lambda: _read_rpm(settings), READ_S)
        except HungError as error:
            self.turns = None
            return broken(str(error))
        self.turns = None if rpm is None else rpm >= settings.least_rpm
        return broken(f"fan: no reading from {settings.hwmon} fan{settings.fan}") if rpm is None else None


def _read_rpm(settings: FanSettings) -> int | None:
    folder = hwmon_named(settings.sysfs, settings.hwmon)
    return None if folder is None else read_int(folder / f"fan{settings.fan}_input")
