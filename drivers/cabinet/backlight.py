"""The brightness of the screen, through the kernel's backlight class."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from drivers.cabinet.off_loop import HungError, OffLoop
from drivers.cabinet.part import PolledPart, Trouble, broken
from drivers.cabinet.sysfs import read_int

CALL_S = 3.0


@dataclass(frozen=True)
class BacklightSettings:
    """`name`: the folder in /sys/class/backlight; empty: the first there is."""

    name: str = ""
    sysfs: Path = Path("/sys")
    poll_s: float = 60.0


class BacklightPart(PolledPart):
    name = "backlight"

    def __init__(self, settings: BacklightSettings) -> None:
        super().__init__(settings.poll_s)
        self._settings = settings
        self._calls = OffLoop("backlight")

    async def set(self, percent: int) -> None:
        """1 to 100; what is below is 1. Never raises: whether it worked is the part's trouble."""
        self.trouble = await self._try(percent)
        self._changed()

    async def _look(self) -> Trouble | None:
        return await self._try(None)

    async def _try(self, percent: int | None) -> Trouble | None:
        settings = self._settings
        try:
            await self._calls.run(lambda: _apply(settings, percent), CALL_S)
        except OSError as error:
            return broken(f"backlight: {error.strerror or 'cannot be set'}")
        except HungError as error:
            return broken(str(error))
        return None


def _apply(settings: BacklightSettings, percent: int | None) -> None:
    """Set it, or with None only see whether it is there and may be set. OSError when not."""
    root = settings.sysfs / "class" / "backlight"
    folder = root / settings.name if settings.name else next(iter(sorted(root.glob("*"))), None)
    most = None if folder is None else read_int(folder / "max_brightness")
    if folder is None or most is None or most < 1:
        raise OSError(0, f"there is none{f' named {settings.name}' if settings.name else ''}")
    descriptor = os.open(folder / "brightness", os.O_WRONLY | os.O_CLOEXEC | (os.O_TRUNC if percent is not None else 0))
    try:
        if percent is not None:
            os.write(descriptor, b"%d\n" % raw_level(percent, most))
    finally:
        os.close(descriptor)


def raw_level(percent: int, most: int) -> int:
    """Never 0: on many panels that is dark."""
    return max(1, round(min(100, max(1, percent)) * most / 100))
