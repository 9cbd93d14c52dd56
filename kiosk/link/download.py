"""A release's payload, fetched slowly enough for the line it shares, and taken up again where it was cut off."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import structlog

from backend.contract.fleet_api import RolloutOrder
from kiosk.link.files import sync_folder
from kiosk.link.fleet_desk import DeskFault, DeskRefusal, DeskSilent, FleetDesk
from kiosk.link.installer import InstallFailed

log = structlog.get_logger()

_CHUNK = 64 * 1024  # bytes
_DAMAGED_TRIES = 3


async def download(
    order: RolloutOrder,
    folder: Path,
    desk: Callable[[], FleetDesk],
    pause: Callable[[int, DeskFault], Awaitable[None]],
) -> Path:
    """The verified payload. For ever, while the desk is silent: the caller ends it. `pause(attempt, fault)` waits
    between two tries. Raises InstallFailed."""
    if len(order.sha256) != 64 or not set(order.sha256) <= set("0123456789abcdef") or order.size < 0:
        raise InstallFailed("order-unusable")
    part = folder / f"{order.sha256}.part"
    whole = folder / order.sha256
    if await asyncio.to_thread(_there, folder, whole, order.sha256):
        return whole
    attempt = damaged = 0
    while True:
        fault = await _fetch(order, part, desk())
        if fault is None:
            if await asyncio.to_thread(_digest, part) == order.sha256:
                await asyncio.to_thread(_take, part, whole)
                return whole
            part.unlink()
            damaged += 1
            if damaged == _DAMAGED_TRIES:
                raise InstallFailed("payload-damaged")
            fault = DeskSilent("damaged")
        elif isinstance(fault, DeskRefusal) and fault.status in (404, 410):
            raise InstallFailed("payload-gone")
        attempt += 1
        await pause(attempt, fault)


async def _fetch(order: RolloutOrder, part: Path, desk: FleetDesk) -> DeskFault | None:
    start = _begun(part, order.size)
    if start == order.size and start:
        return None
    async with desk.payload(order.release_id, start) as reply:
        if not isinstance(reply, httpx.Response):
            if isinstance(reply, DeskRefusal) and reply.status == 416:
                _begun(part, -1)
            return reply
        if start and reply.status_code != 206:
            start = 0  # it does not know ranges: from the beginning
        try:
            return await _keep(order, part, reply, start)
        except (httpx.HTTPError, TimeoutError) as error:
            return DeskSilent(type(error).__name__)


def _there(folder: Path, whole: Path, sha256: str) -> bool:
    """Its name proves nothing after a power cut, nor on a dying disk."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not whole.exists():
        return False
    if _digest(whole) == sha256:
        return True
    log.error("payload_damaged_on_disk")
    whole.unlink()
    return False


def _take(part: Path, whole: Path) -> None:
    """The data first, then the name: never the name of a whole one over half of it."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(whole)
    sync_folder(whole.parent)


def _begun(part: Path, most: int) -> int:
    """How many bytes are there already; one with more than `most` is thrown away."""
    if not part.exists():
        return 0
    size = part.stat().st_size
    if size > most:
        part.unlink()
        return 0
    return size


async def _keep(order: RolloutOrder, part: Path, reply: httpx.Response, start: int) -> DeskFault | None:
    began, taken = time.monotonic(), 0
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        async for chunk in reply.aiter_bytes(_CHUNK):
            if start + taken + len(chunk) > order.size:
                return DeskSilent("longer than announced")
            await asyncio.to_thread(file.write, chunk)
            taken += len(chunk)
            if order.bytes_per_s > 0:
                await asyncio.sleep(max(0.0, taken / order.bytes_per_s - (time.monotonic() - began)))
    return None if start + taken == order.size else DeskSilent("cut off")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
