"""Opens one device, or all, just to look: without the kiosk's program, which must not run meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from drivers.device import Device, DeviceClass
from drivers.manager import make_device, read_tables
from drivers.status import DeviceState, DeviceStatus

SETTLING = frozenset({DeviceState.UNKNOWN, DeviceState.STARTING})
POLL_S = 0.05


class NotThereError(Exception):
    """devices.toml has no such device."""


def tables_for(path: Path, name: str | None) -> dict[DeviceClass, dict[str, object]]:
    """All tables, or the one named. Raises DevicesFileError, NotThereError."""
    tables = read_tables(path)
    if name is None:
        return tables
    for device_class, table in tables.items():
        if device_class.value == name:
            return {device_class: table}
    known = "、".join(device_class.value for device_class in tables) or "(空 empty)"
    raise NotThereError(f"{path} 里没有 no such device: {name}；有 there are: {known}")


@asynccontextmanager
async def opened(tables: dict[DeviceClass, dict[str, object]]) -> AsyncIterator[dict[DeviceClass, Device]]:
    """The devices of these tables, opened together and closed at the end. Raises DevicesFileError."""
    devices = {device_class: make_device(device_class, table) for device_class, table in tables.items()}
    try:
        await asyncio.gather(*(device.open() for device in devices.values()))
        yield devices
    finally:
        await asyncio.gather(*(device.close() for device in devices.values()))


async def settled(device: Device, patience_s: float) -> DeviceStatus:
    """Its status once it has made up its mind, or after `patience_s`."""
    loop = asyncio.get_running_loop()
    until = loop.time() + patience_s
    while device.status.device in SETTLING and loop.time() < until:
        await asyncio.sleep(POLL_S)
    return await device.refresh()
