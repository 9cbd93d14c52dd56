"""The disk is full: the journal cannot be written, so nothing is begun.

Device: cabinet
Resident: 本机存储故障，暂时不能办理
Staff: maintenance
"""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from drivers.cabinet import storage
from kiosk.journeys.device_texts import STORAGE_FAILED
from tests.faults.cabinet_bench import a_box, disk
from tests.faults.resident import sees, staff

MIB = 1024 * 1024


async def test_told_before_it_is_full(tmp_path: Path) -> None:
    """Services go on: there is still room for the journal."""
    async with a_box(tmp_path, "storage", storage={"least_free_mb": 300}) as box:
        box.cabinet.parts.storage._statvfs = lambda path: disk(free_bytes=299 * MIB)  # type: ignore[union-attr]
        await box.until(lambda c: c.status.detail == "disk full: less than 300 MiB free")
        staff(__doc__, box.cabinet.status)
        assert box.cabinet.state.storage is not None
        assert box.cabinet.state.storage.writable
        assert box.cabinet.state.storage.free_bytes == 299 * MIB
        assert box.tile() is None


async def test_no_room_for_the_journal(tmp_path: Path) -> None:
    async with a_box(tmp_path, "storage") as box:
        box.cabinet.parts.storage._statvfs = lambda path: disk(free_bytes=MIB)  # type: ignore[union-attr]
        await box.until(lambda c: c.status.detail == "disk full: no room for the journal")
        staff(__doc__, box.cabinet.status)
        assert box.tile() == STORAGE_FAILED
        sees(__doc__, box.tile())


async def test_full_whatever_it_says_of_its_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quota, or no room for one more name: only trying shows it."""

    def refuse(descriptor: int, data: bytes) -> int:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    async with a_box(tmp_path, "storage", healthy=False) as box:
        monkeypatch.setattr(storage.os, "write", refuse)
        await box.cabinet.open()
        await box.until(lambda c: c.status.detail == "disk full: no room for the journal")
        sees(__doc__, box.tile())
        monkeypatch.undo()
        await box.until(lambda c: c.status.ready)
        assert box.tile() is None
