"""Backlight, volume, temperature and fan: small files and one program."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from drivers.cabinet.backlight import BacklightPart, BacklightSettings, raw_level
from drivers.cabinet.fan import FanPart, FanSettings
from drivers.cabinet.temperature import TemperaturePart, TemperatureSettings
from drivers.cabinet.volume import VolumePart, VolumeSettings, level_words
from drivers.virtual.box_sysfs import CHIP, VirtualSysfs


@pytest.fixture
def sysfs(tmp_path: Path) -> VirtualSysfs:
    files = VirtualSysfs(tmp_path)
    files.create()
    return files


@pytest.mark.parametrize(
    ("percent", "most", "raw"),
    [(100, 255, 255), (50, 255, 128), (1, 255, 3), (1, 7, 1), (0, 7, 1), (-5, 7, 1), (400, 7, 7)],
)
def test_never_dark(percent: int, most: int, raw: int) -> None:
    assert raw_level(percent, most) == raw


async def test_backlight(sysfs: VirtualSysfs) -> None:
    part = BacklightPart(BacklightSettings(sysfs=sysfs.root))
    brightness = sysfs.root / "class" / "backlight" / "panel" / "brightness"
    await part.refresh()
    assert part.trouble is None
    assert brightness.read_text() == "255\n", "looking changes nothing"
    await part.set(20)
    assert brightness.read_text() == "51\n"
    brightness.unlink()
    await part.set(30)
    assert part.trouble is not None
    assert not brightness.exists()
    await BacklightPart(BacklightSettings("other", sysfs.root)).set(20)


async def test_no_backlight_at_all(tmp_path: Path) -> None:
    part = BacklightPart(BacklightSettings(sysfs=tmp_path))
    await part.refresh()
    assert part.trouble is not None
    assert part.trouble.detail == "backlight: there is none"


def mixer(folder: Path, script: str) -> str:
    program = folder / "mixer"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


async def test_volume_is_what_amixer_is_told(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    part = VolumePart(VolumeSettings(("Speaker", "Headphone"), "PCH", mixer(tmp_path, f'echo "$@" >> {calls}')))
    await part.set(40)
    await part.set(-3)
    assert calls.read_text().splitlines() == [
        "-q -M -c PCH sset Speaker 40% unmute",
        "-q -M -c PCH sset Headphone 40% unmute",
        "-q -M -c PCH sset Speaker 0% mute",
        "-q -M -c PCH sset Headphone 0% mute",
    ]
    assert level_words(100) == ("100%", "unmute")


async def test_a_slider_that_moves_on(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    part = VolumePart(VolumeSettings(program=mixer(tmp_path, f'echo "$5" >> {calls}')))
    await asyncio.gather(*(part.set(percent) for percent in range(10, 60, 10)))
    assert calls.read_text().splitlines()[-1] == "50%"
    assert len(calls.read_text().splitlines()) < 5


@pytest.mark.parametrize(
    ("script", "detail"),
    [
        ("exit 1", "volume: the sound card has no control 'Master'"),
        ("exec sleep 60", "volume: {program} does not answer"),
        (None, "volume: {program} cannot be started (FileNotFoundError)"),
    ],
)
async def test_no_sound(tmp_path: Path, script: str | None, detail: str) -> None:
    program = str(tmp_path / "none") if script is None else mixer(tmp_path, script)
    part = VolumePart(VolumeSettings(program=program, answer_s=0.2))
    await part.set(40)
    assert part.trouble is not None
    assert part.trouble.detail == detail.format(program=program)


async def test_the_hottest_counts_and_small_changes_do_not(sysfs: VirtualSysfs) -> None:
    zone = sysfs.root / "class" / "thermal" / "thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("x86_pkg_temp\n")
    (zone / "temp").write_text("55000\n")
    every = TemperaturePart(TemperatureSettings(sysfs=sysfs.root))
    chip = TemperaturePart(TemperatureSettings(CHIP, sysfs.root))
    package = TemperaturePart(TemperatureSettings("x86_pkg_temp", sysfs.root))
    for part in (every, chip, package):
        await part.refresh()
    assert (every.celsius, chip.celsius, package.celsius) == (55.0, 41.0, 55.0)
    sysfs.set_temperature(42.9)
    await chip.refresh()
    assert chip.celsius == 41.0
    sysfs.set_temperature(43)
    await chip.refresh()
    assert chip.celsius == 43.0


@pytest.mark.parametrize("milli", ["-273000", "999000", "x", ""])
async def test_a_sensor_out_of_its_mind(sysfs: VirtualSysfs, milli: str) -> None:
    (sysfs.root / "class" / "hwmon" / "hwmon0" / "temp1_input").write_text(milli)
    part = TemperaturePart(TemperatureSettings(CHIP, sysfs.root))
    await part.refresh()
    assert part.celsius is None
    assert part.trouble is not None


async def test_fan(sysfs: VirtualSysfs) -> None:
    part = FanPart(FanSettings(CHIP, sysfs=sysfs.root))
    await part.refresh()
    assert (part.turns, part.trouble) == (True, None)
    sysfs.set_fan(150)
    await part.refresh()
    assert part.turns is False
    gone = FanPart(FanSettings(CHIP, fan=7, sysfs=sysfs.root))
    await gone.refresh()
    assert gone.turns is None
    assert gone.trouble is not None
    assert gone.trouble.detail == f"fan: no reading from {CHIP} fan7"
