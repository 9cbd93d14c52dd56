"""The disk does not answer any more; whoever asks it hangs.

Device: cabinet
Resident: 本机存储故障，暂时不能办理
Staff: maintenance
"""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from drivers.cabinet import storage
from drivers.cabinet.driver import Parts, StandardCabinet
from drivers.cabinet.storage import StoragePart, StorageSettings
from drivers.manager import DeviceSet
from drivers.status import DeviceState
from tests.drivers.link.waiting import until
from tests.faults.resident import BILL, sees, staff, tile


async def test_the_loop_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mended = threading.Event()
    asked = threading.Semaphore(0)

    def hang(path: Path) -> os.statvfs_result:
        asked.release()
        mended.wait()
        return os.statvfs(path)

    monkeypatch.setattr(storage, "CALL_S", 0.1)
    cabinet = StandardCabinet(Parts(storage=StoragePart(StorageSettings(tmp_path, poll_s=0.02), statvfs=hang)))
    await cabinet.open()
    try:
        await until(lambda: cabinet.status.device is DeviceState.HARDWARE_ERROR)
        assert "does not answer" in cabinet.status.detail
        staff(__doc__, cabinet.status)
        sees(__doc__, tile(BILL, DeviceSet(cabinet=cabinet)))
        await asyncio.sleep(0.3)
        assert asked.acquire(blocking=False)
        assert not asked.acquire(blocking=False), "while one call hangs no other is started"
        mended.set()
        await until(lambda: cabinet.status.ready)
        assert cabinet.state.storage is not None
        assert cabinet.state.storage.writable
    finally:
        mended.set()
        await cabinet.close()
