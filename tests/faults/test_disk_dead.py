"""The disk dies: every question is answered with an error, and smartctl hangs on it where nothing kills it.

Device: cabinet
Resident: 本机存储故障，暂时不能办理
Staff: maintenance
"""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from drivers.cabinet import disk_wear, one_program
from drivers.cabinet.driver import Parts, StandardCabinet
from drivers.cabinet.storage import StoragePart, StorageSettings
from drivers.cabinet.volume import VolumePart, VolumeSettings
from drivers.manager import DeviceSet
from drivers.status import DeviceState
from tests.drivers.link.waiting import until
from tests.faults.resident import BILL, sees, staff, tile


class Unkillable:
    """A program in uninterruptible sleep."""

    returncode: int | None = None

    async def communicate(self) -> tuple[bytes, bytes]:
        await asyncio.Event().wait()
        raise AssertionError

    def kill(self) -> None:
        pass

    async def wait(self) -> int:
        await asyncio.Event().wait()
        raise AssertionError


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Unkillable]:
    programs: list[Unkillable] = []

    async def spawn(*words: str, **how: object) -> Unkillable:
        programs.append(Unkillable())
        return programs[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", spawn)
    monkeypatch.setattr(one_program, "KILL_S", 0.05)
    return programs


@pytest.mark.parametrize("smartctl_s", [600, 0.05])
async def test_told_though_smartctl_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[Unkillable], smartctl_s: float
) -> None:
    monkeypatch.setattr(disk_wear, "SMARTCTL_S", smartctl_s)
    dead = False

    def statvfs(path: Path) -> os.statvfs_result:
        if dead:
            raise OSError(errno.EIO, "Input/output error")
        return os.statvfs(path)

    settings = StorageSettings(tmp_path, disk="sda", poll_s=0.02, wear_s=0.05, sysfs=tmp_path)
    cabinet = StandardCabinet(Parts(storage=StoragePart(settings, statvfs=statvfs)))
    await cabinet.open()
    await until(lambda: started)
    await until(lambda: cabinet.status.ready)
    await asyncio.sleep(0.2)
    dead = True
    await until(lambda: cabinet.status.device is DeviceState.HARDWARE_ERROR)
    assert "Input/output error" in cabinet.status.detail
    staff(__doc__, cabinet.status)
    sees(__doc__, tile(BILL, DeviceSet(cabinet=cabinet)))
    assert len(started) == 1, "while one hangs no other is started"
    dead = False
    await until(lambda: cabinet.status.ready)
    async with asyncio.timeout(5):
        await cabinet.close()


async def test_the_mixer_neither(started: list[Unkillable]) -> None:
    part = VolumePart(VolumeSettings(program="mixer", answer_s=0.05))
    async with asyncio.timeout(5):
        await part.set(40)
        assert part.trouble is not None
        assert part.trouble.detail == "volume: mixer does not answer"
        await part.set(50)
        assert part.trouble.detail == "volume: mixer still hangs"
    assert len(started) == 1
