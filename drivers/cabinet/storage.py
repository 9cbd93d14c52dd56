"""The disk the journal lives on: can it be written, is there room, how long will it last?"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from drivers.cabinet.disk_wear import ask_smartctl, disk_of, emmc_wear
from drivers.cabinet.off_loop import HungError, OffLoop
from drivers.cabinet.one_program import OneProgram
from drivers.cabinet.part import PolledPart, Trouble, broken
from drivers.cabinet.port import Storage

MIB = 1024 * 1024
CALL_S = 10.0  # a disk that takes longer is dying
WEAR_PATIENCE_S = 1.0  # what `refresh` waits for smartctl; a healthy disk answers in a tenth of it
JOURNAL_NEEDS_BYTES = 16 * MIB  # with less a journal cannot be relied on to be written to its end
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


class Probe(Enum):
    """What became of writing one byte."""

    WRITTEN = "written"
    FULL = "full"
    REFUSED = "refused"


class StoragePart(PolledPart):
    name = "disk"

    def __init__(self, settings: StorageSettings, statvfs: Callable[[Path], os.statvfs_result] = os.statvfs) -> None:
        super().__init__(settings.poll_s)
        self._settings = settings
        self._statvfs = statvfs
        self._calls = OffLoop("disk")
        self._smartctl = OneProgram()
        self._probe = Probe.WRITTEN
        self._next_probe = 0.0
        self._next_wear = 0.0
        self._wear_percent: int | None = None
        self._wear_task: asyncio.Task[None] | None = None
        self.storage: Storage | None = None

    async def refresh(self) -> None:
        await super().refresh()
        if self._wear_task is not None:
            await asyncio.wait([self._wear_task], timeout=WEAR_PATIENCE_S)

    async def _look(self) -> Trouble | None:
        settings, now = self._settings, asyncio.get_running_loop().time()
        try:
            seen = await self._calls.run(lambda: self._statvfs(settings.path), CALL_S)
            if now >= self._next_probe:
                self._probe = await self._calls.run(lambda: write_probe(settings.path), CALL_S)
                # While it fails it is asked at every look: somebody may be repairing it.
                self._next_probe = now + settings.probe_s if self._probe is Probe.WRITTEN else now
        except HungError:
            return self._failed(f"disk of {settings.path} does not answer")
        except OSError as error:
            return self._failed(f"disk of {settings.path}: {os.strerror(error.errno or errno.EIO)}")
        free_bytes = seen.f_bavail * seen.f_frsize // MIB * MIB
        self.storage = Storage(
            read_only=bool(seen.f_flag & os.ST_RDONLY) or self._probe is Probe.REFUSED,
            full=free_bytes < JOURNAL_NEEDS_BYTES or self._probe is Probe.FULL,
            free_bytes=free_bytes,
            wear_percent=self._wear_percent,
        )
        if now >= self._next_wear and self._wear_task is None:
            self._next_wear = now + settings.wear_s
            self._wear_task = asyncio.create_task(self._look_at_wear(), name="cabinet disk wear")
            self._wear_task.add_done_callback(self._ended)
        return None

    def _failed(self, detail: str) -> Trouble:
        self.storage = replace(self.storage or Storage(), failed=True)
        return broken(detail)

    async def _look_at_wear(self) -> None:
        """Beside the looking, not in it: on a dying disk smartctl may never end, and then the death must be told."""
        try:
            self._wear_percent = await self._wear()
        except (HungError, OSError):
            return  # what is wrong with the disk the looking tells
        finally:
            self._wear_task = None
        if self.storage is not None:
            self.storage = replace(self.storage, wear_percent=self._wear_percent)
        self._changed()

    async def _wear(self) -> int | None:
        settings = self._settings

        def look() -> tuple[str | None, int | None]:
            disk = settings.disk or disk_of(settings.path, settings.sysfs)
            return disk, emmc_wear(disk, settings.sysfs) if disk else None

        disk, wear = await self._calls.run(look, CALL_S)
        return wear if wear is not None or not disk else await ask_smartctl(disk, self._smartctl)

    async def _release(self) -> None:
        if (task := self._wear_task) is not None:
            task.cancel()
            await asyncio.wait([task])
        self._next_wear = 0.0


def write_probe(folder: Path) -> Probe:
    """Write one byte to the disk itself. A file system that met an error is often read-only in all but name: mounted
    "rw", refusing every write."""
    probe = folder / PROBE_NAME
    try:
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, b"\0")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        return Probe.FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else Probe.REFUSED
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return Probe.WRITTEN
