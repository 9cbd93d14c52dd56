"""Bytes the desk has announced, fetched slowly enough for the line they share, and taken up again where they were cut
off. Bounded in length and in patience: a desk that never ends, or that trickles, gets nowhere."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx
import structlog

from backend.contract.fleet_api import RolloutOrder
from kiosk.link.files import sync_folder
from kiosk.link.fleet_desk import DeskFault, DeskRefusal, DeskSilent, FleetDesk
from kiosk.link.installer import InstallFailed

log = structlog.get_logger()

_DAMAGED_TRIES = 3
_SLOW_TRIES = 3
_LEAST_RATE = 512  # bytes/s; below it the line is as good as dead
_RATE_AFTER_S = 20.0  # of waiting for the other side

# From byte N on: an answer to be read by `aiter_raw`, or why there is none.
Opened = Callable[[int], AbstractAsyncContextManager[httpx.Response | DeskFault]]
Pause = Callable[[int, DeskFault], Awaitable[None]]


_TOO_SLOW = DeskSilent("too slow")


@dataclass(frozen=True)
class Wanted:
    """Some bytes under their digest, in hex."""

    digest: str
    size: int
    bytes_per_s: int = 0  # 0: no cap
    algorithm: Literal["sha256", "sha512"] = "sha256"

    @property
    def usable(self) -> bool:
        length = 2 * hashlib.new(self.algorithm).digest_size
        return len(self.digest) == length and set(self.digest) <= set("0123456789abcdef") and self.size >= 0


async def download(order: RolloutOrder, folder: Path, desk: Callable[[], FleetDesk], pause: Pause) -> Path:
    """The verified payload of an order. For ever, while the desk is silent: the caller ends it. Raises
    InstallFailed."""

    def payload(start: int) -> AbstractAsyncContextManager[httpx.Response | DeskFault]:
        return desk().payload(order.release_id, start)

    return await fetch(Wanted(order.sha256, order.size, order.bytes_per_s), folder, payload, pause)


async def fetch(wanted: Wanted, folder: Path, opened: Opened, pause: Pause) -> Path:
    """`folder/<digest>`, verified. `pause(attempt, fault)` waits between two tries. Raises InstallFailed."""
    if not wanted.usable:
        raise InstallFailed("order-unusable")
    part = folder / f"{wanted.digest}.part"
    whole = folder / wanted.digest
    if await asyncio.to_thread(_there, wanted, folder, whole):
        return whole
    attempt = damaged = 0
    patience = _Patience()
    while True:
        fault = await _fetch(wanted, part, opened, patience)
        patience.too_slow()  # also where it was cut off
        if fault is None:
            if await asyncio.to_thread(_digest, part, wanted) == wanted.digest:
                await asyncio.to_thread(_take, part, whole)
                return whole
            part.unlink()
            damaged += 1
            if damaged == _DAMAGED_TRIES:
                raise InstallFailed("payload-damaged")
            fault = DeskSilent("damaged")
        elif patience.at_an_end:
            raise InstallFailed("retrieval-slow")
        elif isinstance(fault, DeskRefusal) and fault.status in (404, 410):
            raise InstallFailed("payload-gone")
        attempt += 1
        await pause(attempt, fault)


@dataclass
class _Patience:
    """With all of one download's answers together: one that is cut off before it can be called slow was waited for
    as well. Every `_LEAST_RATE * _RATE_AFTER_S` bytes that came fast enough are a new beginning, so that a line that is
    often away does not add up."""

    waited: float = 0.0  # seconds, on the other side
    taken: int = 0  # bytes meanwhile
    slow: int = 0  # spells in a row

    @property
    def at_an_end(self) -> bool:
        return self.slow >= _SLOW_TRIES

    def too_slow(self) -> bool:
        """A spell has just ended that brought too little."""
        if self.taken >= _LEAST_RATE * max(self.waited, _RATE_AFTER_S):
            self.waited, self.taken, self.slow = 0.0, 0, 0
        elif self.waited > _RATE_AFTER_S:
            self.waited, self.taken, self.slow = 0.0, 0, self.slow + 1
            return True
        return False


async def _fetch(wanted: Wanted, part: Path, opened: Opened, patience: _Patience) -> DeskFault | None:
    start = _begun(part, wanted.size)
    if start and start == wanted.size:
        return None
    async with opened(start) as reply:
        if not isinstance(reply, httpx.Response):
            if isinstance(reply, DeskRefusal) and reply.status == 416:
                _begun(part, -1)
            return reply
        if start and reply.status_code != 206:
            start = 0  # it does not know ranges: from the beginning
        try:
            return await _keep(wanted, part, reply, start, patience)
        except (httpx.HTTPError, TimeoutError, ssl.SSLError, ConnectionError) as error:
            return DeskSilent(type(error).__name__)


def _there(wanted: Wanted, folder: Path, whole: Path) -> bool:
    """Its name proves nothing after a power cut, nor on a dying disk."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not whole.exists():
        return False
    if _digest(whole, wanted) == wanted.digest:
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


async def _keep(wanted: Wanted, part: Path, reply: httpx.Response, start: int, patience: _Patience) -> DeskFault | None:
    began, taken = time.monotonic(), 0
    chunks = aiter(reply.aiter_raw())  # as they come: a trickle is seen while it trickles
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        file.truncate()
        while True:
            asked = time.monotonic()
            try:
                chunk = await anext(chunks, b"")
            finally:  # on them; our own restraint below does not count
                patience.waited += time.monotonic() - asked
            if not chunk:
                break
            if start + taken + len(chunk) > wanted.size:
                return DeskSilent("longer than announced")
            await asyncio.to_thread(file.write, chunk)
            taken += len(chunk)
            patience.taken += len(chunk)
            if patience.too_slow():
                return _TOO_SLOW
            if wanted.bytes_per_s > 0:
                await asyncio.sleep(max(0.0, taken / wanted.bytes_per_s - (time.monotonic() - began)))
    return None if start + taken == wanted.size else DeskSilent("cut off")


def _digest(path: Path, wanted: Wanted) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, wanted.algorithm).hexdigest()
