"""The disk met an error, and the kernel lets nobody write to it any more.

Device: cabinet
Resident: 本机存储故障，暂时不能办理
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cabinet import storage
from drivers.status import DeviceState
from kiosk.journeys.device_texts import STORAGE_FAILED
from tests.faults.cabinet_bench import a_box, disk
from tests.faults.resident import sees, staff


async def test_mounted_read_only(tmp_path: Path) -> None:
    async with a_box(tmp_path, "storage") as box:
        box.cabinet.parts.storage._statvfs = lambda path: disk(read_only=True)  # type: ignore[union-attr]
        await box.until(lambda c: c.state.storage.read_only)
        assert box.cabinet.status.device is DeviceState.HARDWARE_ERROR
        assert box.cabinet.status.detail == "disk cannot be written"
        staff(__doc__, box.cabinet.status)
        assert box.tile() == STORAGE_FAILED
        sees(__doc__, box.tile())


async def test_read_only_in_all_but_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mounted "rw", refusing every write: only trying shows it."""

    def refuse(descriptor: int) -> None:
        raise OSError(30, "Read-only file system")

    async with a_box(tmp_path, "storage", healthy=False) as box:
        monkeypatch.setattr(storage.os, "fsync", refuse)
        await box.cabinet.open()
        await box.until(lambda c: c.status.detail == "disk cannot be written")
        staff(__doc__, box.cabinet.status)
        sees(__doc__, box.tile())
        monkeypatch.undo()
        await box.until(lambda c: c.status.ready)
        assert box.tile() is None
        assert not (tmp_path / storage.PROBE_NAME).exists()
