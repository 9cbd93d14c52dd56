"""How much of a disk's promised life is used up: eMMC tells the kernel, other disks tell smartctl."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from drivers.cabinet.off_loop import HungError
from drivers.cabinet.one_program import OneProgram
from drivers.cabinet.sysfs import read_text

SMARTCTL_S = 20.0
# ATA attributes whose normalised value counts down from 100: percent of life left, by different makers.
_LIFE_LEFT = (202, 231, 233, 177)


def disk_of(path: Path, sysfs: Path) -> str | None:
    """The whole disk that a file lies on, such as `mmcblk0` or `nvme0n1`; None for what is no disk (tmpfs, overlay)."""
    try:
        number = path.stat().st_dev
    except OSError:
        return None
    entry = sysfs / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}"
    if not entry.exists():
        return None
    folder = entry.resolve()
    return folder.parent.name if (folder / "partition").exists() else folder.name


def emmc_wear(disk: str, sysfs: Path) -> int | None:
    """DEVICE_LIFE_TIME_EST_TYP_A and _B (JESD84-B51, EXT_CSD 268 and 269): 0x01 is 0-10 % used, 0x0A 90-100 %, 0x0B
    more than was promised. The worse of the two, at the upper end of its step."""
    text = read_text(sysfs / "block" / disk / "device" / "life_time")
    steps: list[int] = []
    for word in (text or "").split():
        with suppress(ValueError):
            steps.append(int(word, 16))
    known = [step for step in steps if 1 <= step <= 11]  # 0: not defined
    return 10 * max(known) if known else None


def smart_wear(report: Any) -> int | None:
    """From what `smartctl --json -a` says; None where the disk does not measure it."""
    if not isinstance(report, dict):
        return None
    for section, key in (
        ("endurance_used", "current_percent"),
        ("nvme_smart_health_information_log", "percentage_used"),
    ):
        found = report.get(section)
        if isinstance(found, dict) and isinstance(used := found.get(key), int):
            return max(0, used)
    attributes = report.get("ata_smart_attributes")
    table = attributes.get("table") if isinstance(attributes, dict) else None
    left = {row.get("id"): row.get("value") for row in table or () if isinstance(row, dict)}
    for number in _LIFE_LEFT:
        value = left.get(number)
        if isinstance(value, int) and 0 <= value <= 100:
            return 100 - value
    return None


async def ask_smartctl(disk: str, program: OneProgram) -> int | None:
    """None where smartctl is not installed, may not ask, does not answer, or the disk does not say. Its exit code is a
    set of flags about the disk's past, not about the answer."""
    try:
        _, output = await program.run("smartctl", "--json", "--all", f"/dev/{disk}", timeout_s=SMARTCTL_S)
        return smart_wear(json.loads(output))
    except (OSError, HungError, ValueError):
        return None
