"""How worn a disk is, in the words of eMMC, NVMe and ATA."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from drivers.cabinet import disk_wear
from drivers.cabinet.disk_wear import ask_smartctl, disk_of, emmc_wear, smart_wear
from drivers.cabinet.one_program import OneProgram


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("0x01 0x01", 10),
        ("0x02 0x09\n", 90),
        ("0x0a 0x01", 100),
        ("0x0b 0x0b", 110),
        ("0x00 0x00", None),
        ("0x00 0x03", 30),
        ("rubbish", None),
        ("", None),
    ],
)
def test_emmc(tmp_path: Path, text: str, percent: int | None) -> None:
    folder = tmp_path / "block" / "mmcblk0" / "device"
    folder.mkdir(parents=True)
    (folder / "life_time").write_text(text)
    assert emmc_wear("mmcblk0", tmp_path) == percent
    assert emmc_wear("sda", tmp_path) is None


@pytest.mark.parametrize(
    ("report", "percent"),
    [
        ({"nvme_smart_health_information_log": {"percentage_used": 7}}, 7),
        ({"endurance_used": {"current_percent": 3}, "nvme_smart_health_information_log": {"percentage_used": 7}}, 3),
        ({"ata_smart_attributes": {"table": [{"id": 9, "value": 50}, {"id": 231, "value": 88}]}}, 12),
        ({"ata_smart_attributes": {"table": [{"id": 177, "value": 99}, {"id": 202, "value": 60}]}}, 40),
        ({"ata_smart_attributes": {"table": [{"id": 231, "value": 253}]}}, None),
        ({"ata_smart_attributes": {"table": [{"id": 5, "value": 100}]}}, None),
        ({"ata_smart_attributes": None}, None),
        ({"ata_smart_attributes": {"table": ["x"]}}, None),
        ([], None),
        ({}, None),
    ],
)
def test_smart(report: Any, percent: int | None) -> None:
    assert smart_wear(report) == percent


async def test_smartctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "smartctl"
    program.write_text(
        '#!/bin/sh\n[ "$1 $2 $3" = "--json --all /dev/nvme0n1" ] || exit 1\n'
        'echo \'{"nvme_smart_health_information_log": {"percentage_used": 41}}\'\nexit 64\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert await ask_smartctl("nvme0n1", OneProgram()) == 41
    assert await ask_smartctl("other", OneProgram()) is None, "no JSON"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(disk_wear, "SMARTCTL_S", 0.1)
    assert await ask_smartctl("nvme0n1", OneProgram()) is None, "it hangs"
    program.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await ask_smartctl("nvme0n1", OneProgram()) is None, "not installed"


def test_the_disk_under_a_file(tmp_path: Path) -> None:
    number = tmp_path.stat().st_dev
    sysfs = tmp_path / "sys"
    partition = sysfs / "devices" / "mmcblk0" / "mmcblk0p2"
    partition.mkdir(parents=True)
    (partition / "partition").write_text("2\n")
    entry = sysfs / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}"
    assert disk_of(tmp_path, sysfs) is None
    entry.parent.mkdir(parents=True)
    entry.symlink_to(partition)
    assert disk_of(tmp_path, sysfs) == "mmcblk0"
    (partition / "partition").unlink()
    assert disk_of(tmp_path, sysfs) == "mmcblk0p2", "a whole disk"
    assert disk_of(tmp_path / "gone", sysfs) is None
