"""The disk the journal lives on: can it be written, is there room, how long will it last?"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from drivers.cabinet.disk_wear import ask_smartctl, disk_of, emmc_wear
from drivers.cabinet.off_loop import HungError, OffLoop
from drivers.cabinet.part import PolledPart, Trouble, broken
from drivers.cabinet.port import Storage

MIB = 1024 * 1024
CALL_S = 10.0  # a disk that takes longer is dying
PROBE_NAME = ".menkou-write-probe"


@dataclass(frozen=True)
class StorageSettings:
    """`path`: a folder on the disk. `disk`: its name in /sys/block; empty: found out. Times in seconds: `probe_s`
    between two write probes, `wear_s` between two questions about wear."""

    path: Path
    disk: str = ""
    sysfs: Path = Path("/sys")
    poll_s: float = 15.0
    probe_s: float = 300.0
    wear_s: float = 6 * 3600.0


class StoragePart(PolledPart):
    name = "disk"

    def __init__(self, settings: StorageSettings, statvfs: Callable[[Path], os.statvfs_result] = os.statvfs) -> None:
        super().__init__(settings.poll_s)
        self._settings = settings
        self._statvfs = statvfs
        self._calls = OffLoop("disk")
        self._next_probe = 0.0
        self._next_wear = 0.0
        self._probe_failed = False
        self.storage: Storage | None = None

    async def _look(self) -> Trouble | None:
        settings, now = self._settings, asyncio.get_running_loop().time()
        try:
            seen = await self._calls.run(lambda: self._statvfs(settings.path), CALL_S)
            if now >= self._next_probe:
                self._probe_failed = not await self._calls.run(lambda: can_write(settings.path), CALL_S)
                # While it fails it is asked at every look: somebody may be repairing it.
                self._next_probe = now if self._probe_failed else now + settings.probe_s
            wear = self.storage.wear_percent if self.storage is not None else None
            if now >= self._next_wear:
                wear = await self._wear()
                self._next_wear = now + settings.wear_s
        except HungError:
            return broken(f"disk of {settings.path} does not answer")
        except OSError as error:
            return broken(f"disk of {settings.path}: {os.strerror(error.errno or errno.EIO)}")
        self.storage = Storage(
            read_only=bool(seen.f_flag & os.ST_RDONLY) or self._probe_failed,
            free_bytes=seen.f_bavail * seen.f_frsize // MIB * MIB,
            wear_percent=wear,
        )
        return None

    async def _wear(self) -> int | None:
        settings = self._settings

        def look() -> tuple[str | None, int | None]:
            disk = settings.disk or disk_of(settings.path, settings.sysfs)
            return disk, emmc_wear(disk, settings.sysfs) if disk else None

        disk, wear = await self._calls.run(look, CALL_S)
        return wear if wear is not None or not disk else await ask_smartctl(disk)


def can_write(folder: Path) -> bool:
    """Write one byte to the disk itself. A file system that met an error is often read-only in all but name: mounted
    "rw", refusing every write. A full disk can be written as soon as there is room, so that is not what is asked."""
    probe = folder / PROBE_NAME
    try:
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, b"\0")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return True
