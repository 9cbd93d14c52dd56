"""Whether a camera is there, without opening it: a lamp that lights up by itself would frighten a resident."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from urllib.parse import urlsplit

from drivers.status import Action, DeviceState, DeviceStatus

CONNECT_S = 2.0


class CameraSource:
    """A `CameraDevice`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._status = DeviceStatus()

    @property
    def source(self) -> str:
        return self._source

    @property
    def status(self) -> DeviceStatus:
        return self._status

    async def open(self) -> None:
        await self.refresh()

    async def close(self) -> None:
        self._status = DeviceStatus(DeviceState.OFFLINE, detail="closed")

    async def refresh(self) -> DeviceStatus:
        if await self._present():
            self._status = DeviceStatus(DeviceState.ONLINE)
        else:
            self._status = DeviceStatus(DeviceState.NO_DEVICE, action=Action.MAINTENANCE, detail="camera not there")
        return self._status

    async def _present(self) -> bool:
        url = urlsplit(self._source)
        if url.scheme in ("http", "https"):
            return await _listens(url.hostname or "", url.port or (443 if url.scheme == "https" else 80))
        return await asyncio.to_thread(_exists, Path(self._source))


def _exists(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISREG(mode)


async def _listens(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
