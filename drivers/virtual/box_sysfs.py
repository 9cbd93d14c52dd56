"""What the kernel of a virtual box says and does: files as /sys has them, and a mixer program instead of `amixer`.

Made after the kernel's ABI documents: sysfs-class-backlight, hwmon/sysfs-interface, mmc/mmc-dev-attrs.
"""

from __future__ import annotations

from pathlib import Path

PANEL = "panel"
CHIP = "virtual_box"
DISK = "mmcblk0"
MOST_BRIGHT = 255
MIXER = """#!/bin/sh
# Stands in for amixer: keeps the loudness it is told, and says it.
while [ $# -gt 1 ]; do
    if [ "$1" = sset ]; then echo "$3 $4" > {level}; fi
    if [ "$1" = sget ] && read -r percent rest < {level}; then echo "  Mono: Playback 46 [$percent] [-8.00dB] [on]"; fi
    shift
done
"""


class VirtualSysfs:
    """Hands: how hot, how fast the fan, how worn the disk. `root` stands for /sys; `mixer` is the program."""

    def __init__(self, folder: Path) -> None:
        self.root = folder.absolute() / "sys"
        self.mixer = folder.absolute() / "mixer"
        self._level = folder.absolute() / "volume"
        self._backlight = self.root / "class" / "backlight" / PANEL
        self._hwmon = self.root / "class" / "hwmon" / "hwmon0"
        self._disk = self.root / "block" / DISK / "device"

    def create(self) -> None:
        """As a healthy machine has it."""
        for folder in (self._backlight, self._hwmon, self._disk):
            folder.mkdir(parents=True, exist_ok=True)
        (self._backlight / "max_brightness").write_text(f"{MOST_BRIGHT}\n")
        (self._backlight / "brightness").write_text(f"{MOST_BRIGHT}\n")
        (self._hwmon / "name").write_text(f"{CHIP}\n")
        self.set_temperature(41)
        self.set_fan(1800)
        self.set_disk_wear(10)
        self._level.write_text("70% unmute\n")
        self.mixer.write_text(MIXER.format(level=self._level))
        self.mixer.chmod(0o755)

    def set_temperature(self, celsius: float) -> None:
        _replace(self._hwmon / "temp1_input", f"{round(celsius * 1000)}\n")

    def set_fan(self, rpm: int) -> None:
        _replace(self._hwmon / "fan1_input", f"{rpm}\n")

    def set_disk_wear(self, percent: int) -> None:
        """In steps of ten: DEVICE_LIFE_TIME_EST_TYP_A and _B of the eMMC standard."""
        step = max(1, min(11, -(-percent // 10)))
        _replace(self._disk / "life_time", f"0x{step:02x} 0x{step:02x}\n")

    @property
    def temperature(self) -> float:
        return int((self._hwmon / "temp1_input").read_text()) / 1000

    @property
    def disk_wear(self) -> int:
        return 10 * int((self._disk / "life_time").read_text().split()[0], 16)

    @property
    def brightness(self) -> int:
        """Percent."""
        return round(100 * int((self._backlight / "brightness").read_text() or MOST_BRIGHT) / MOST_BRIGHT)

    @property
    def volume(self) -> int:
        """Percent; 0 when it is muted."""
        words = self._level.read_text().split()
        return int(words[0].rstrip("%")) if len(words) == 2 and words[1] == "unmute" else 0


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text)
    fresh.replace(path)
