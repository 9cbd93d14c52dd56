"""How hot it is in the box: a chip of the kernel's hwmon, or a thermal zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from drivers.cabinet.off_loop import HungError, OffLoop
from drivers.cabinet.part import PolledPart, Trouble, broken
from drivers.cabinet.sysfs import read_int, read_text

READ_S = 3.0
STEP_C = 2.0  # smaller changes are no news; so a machine at a limit does not go to and fro across it


@dataclass(frozen=True)
class TemperatureSettings:
    """`sensor`: the name of a hwmon chip or the type of a thermal zone; empty: the hottest of all there are."""

    sensor: str = ""
    sysfs: Path = Path("/sys")
    poll_s: float = 10.0


class TemperaturePart(PolledPart):
    name = "temperature"

    def __init__(self, settings: TemperatureSettings) -> None:
        super().__init__(settings.poll_s)
        self._settings = settings
        self._calls = OffLoop("temperature")
        self.celsius: float | None = None

    async def _look(self) -> Trouble | None:
        settings = self._settings
        try:
            found = await self._calls.run(lambda: list(readings(settings.sysfs, settings.sensor)), READ_S)
        except HungError as error:
            self.celsius = None
            return broken(str(error))
        if not found:
            self.celsius = None
            return broken(f"temperature: no reading from {settings.sensor or 'any sensor'}")
        if self.celsius is None or abs(max(found) - self.celsius) >= STEP_C:
            self.celsius = max(found)
        return None


def readings(sysfs: Path, sensor: str) -> Iterator[float]:
    """Degrees Celsius of the sensors of that name, or of all. What is beyond a working machine is a broken sensor."""
    for folder in sorted((sysfs / "class" / "hwmon").glob("hwmon*")):
        if sensor in ("", read_text(folder / "name")):
            for path in sorted(folder.glob("temp*_input")):
                yield from _plausible(path)
    for zone in sorted((sysfs / "class" / "thermal").glob("thermal_zone*")):
        if sensor in ("", read_text(zone / "type")):
            yield from _plausible(zone / "temp")


def _plausible(path: Path) -> Iterator[float]:
    milli = read_int(path)
    if milli is not None and -40_000 <= milli <= 150_000:
        yield round(milli / 1000, 1)
