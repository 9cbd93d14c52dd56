"""A cabinet driver, made as devices.toml has it, in a box made of software."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from content.schema.text import Text
from drivers.cabinet.driver import StandardCabinet
from drivers.cabinet.plugin import STANDARD
from drivers.manager import DeviceSet
from drivers.virtual.box_sysfs import CHIP, DISK, VirtualSysfs
from drivers.virtual.cabinet_lines import LAMPS, VirtualLines, Wire
from drivers.virtual.ups_server import VirtualUpsServer
from tests.drivers.link.waiting import until
from tests.faults.resident import BILL, tile
from tests.kiosk.journeys.fakes import FakeDocumentPrinter, FakeReader, FakeReceiptPrinter, Points, World


@dataclass
class Box:
    """The box and the driver that watches it."""

    cabinet: StandardCabinet
    supply: VirtualUpsServer
    lines: VirtualLines
    sysfs: VirtualSysfs

    async def until(self, condition: Callable[[StandardCabinet], object]) -> None:
        await until(lambda: condition(self.cabinet))

    def tile(self, service: str = BILL) -> Text | None:
        """What stands on a service's tile when all else is well."""
        world, points = World(), Points()
        devices: dict[str, Any] = {
            "id_reader": FakeReader(),
            "receipt_printer": FakeReceiptPrinter(world, points),
            "document_printer": FakeDocumentPrinter(world, points),
            "cabinet": self.cabinet,
        }
        return tile(service, DeviceSet(**devices))


def tables(folder: Path, port: int, sysfs: VirtualSysfs) -> dict[str, dict[str, Any]]:
    """devices.toml, quick."""
    root = str(sysfs.root)
    return {
        "ups": {"port": port, "poll_s": 0.03, "on_battery_after_s": 0.1, "silent_after_s": 0.3},
        "lines": {"chip": f"unix:{folder / 'lines.sock'}", **{wire.value: {"line": wire.value} for wire in Wire}},
        "lights": {lamp: {"line": lamp} for lamp in LAMPS},
        "storage": {"path": str(folder), "disk": DISK, "sysfs": root, "poll_s": 0.05, "wear_s": 0.05},
        "temperature": {"sensor": CHIP, "sysfs": root, "poll_s": 0.05},
    }


@asynccontextmanager
async def a_box(
    folder: Path, *parts: str, healthy: bool = True, speed: float = 10, **changed: dict[str, Any]
) -> AsyncIterator[Box]:
    """With only these parts, if any are named. `changed`: options of a part's table; `speed`: of the box's mechanics.
    Waits until it is `healthy`."""
    sysfs = VirtualSysfs(folder)
    sysfs.create()
    supply = VirtualUpsServer()
    await supply.start()
    lines = VirtualLines(folder / "lines.sock", speed=speed)
    await lines.start()
    found = {name: table for name, table in tables(folder, supply.port, sysfs).items() if not parts or name in parts}
    for name, more in changed.items():
        found.setdefault(name, {}).update(more)
    cabinet = STANDARD.make(STANDARD.options.model_validate(found))
    assert isinstance(cabinet, StandardCabinet)
    try:
        if healthy:
            await cabinet.open()
            await until(lambda: cabinet.status.ready)
        yield Box(cabinet, supply, lines, sysfs)
    finally:
        await cabinet.close()
        await lines.stop()
        await supply.stop()


def disk(*, read_only: bool = False, free_bytes: int = 10**10) -> os.statvfs_result:
    """What statvfs says of a disk."""
    block = 4096
    free = free_bytes // block
    return os.statvfs_result((block, block, 10**7, free, free, 10**6, 10**6, 10**6, os.ST_RDONLY * read_only, 255))
