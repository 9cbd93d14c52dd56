"""What this kiosk believes about content: TUF's metadata on its disk, brought up to date through the desk.

The desk is only the carrier. What it may make a kiosk take was decided by people with keys the desk has never held.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import httpx
import structlog

from kiosk.link.clock_set import clock_set
from kiosk.link.files import write_whole
from kiosk.link.fleet_desk import DeskFault, DeskRefusal, DeskSilent
from kiosk.link.giving_up import GivingUp

log = structlog.get_logger()

_FLOOR = "latest"
_EVER = datetime(2026, 1, 1, tzinfo=UTC)  # this program is younger
_AHEAD = timedelta(days=1)


class MetadataSource(Protocol):
    def metadata(self, name: str) -> AbstractAsyncContextManager[httpx.Response | DeskFault]:
        """A file of metadata by its name; an answer to be read by `aiter_raw`, or why there is none."""


@dataclass(frozen=True)
class Refused:
    """The metadata is not to be believed, or not any more. `code`: ours, for reports. What was believed stays."""

    code: str
    at: str = ""  # which file was asked for last


@dataclass(frozen=True)
class Target:
    """What was signed under a target path."""

    size: int  # bytes
    sha256: str | None


@dataclass(frozen=True)
class Believed:
    """`targets`: by target path, as far as they were asked for; None: nobody has signed that."""

    targets: dict[str, Target | None] = field(default_factory=dict)


Answer = Believed | Refused | DeskRefusal | DeskSilent


class ContentTrust:
    """`folder` holds what is believed. `root()`: the root this kiosk was given with its image or at its enrolment;
    None: it takes no content. `own_clock_set()`: this machine's clock was set by a time service. One call at a
    time."""

    def __init__(
        self,
        folder: Path,
        root: Callable[[], bytes | None],
        *,
        own_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        own_clock_set: Callable[[], bool] = clock_set,
    ) -> None:
        self._folder = folder
        self._root = root
        self._own_clock = own_clock
        self._own_clock_set = own_clock_set
        self._was_set = False  # since the program began; a clock runs on well without its source

    def floor(self) -> datetime:
        """It is later than this: the latest time anything was signed at that we have believed."""
        try:
            told = datetime.fromisoformat((self._folder / _FLOOR).read_text("ascii"))
        except (OSError, ValueError):
            return _EVER
        return max(_EVER, told) if told.tzinfo is not None else _EVER

    async def refresh(self, source: MetadataSource, wanted: list[str], now: datetime | None) -> Answer:
        """Bring everything up to date and look the targets up. `now`: the desk's time, None if it is not known.
        Raises OSError: the disk."""
        root = await asyncio.to_thread(self._root)
        if root is None:
            return Refused("content-root-missing")
        moment = await asyncio.to_thread(self._moment, now)
        given_up = GivingUp()
        loop = asyncio.get_running_loop()
        work = asyncio.ensure_future(asyncio.to_thread(self._refresh, root, source, loop, given_up, wanted, moment))
        try:
            return await asyncio.shield(work)
        finally:
            # A thread cannot be cancelled: it is told, and waited for, or it would write over what the next call
            # has believed.
            given_up.now()
            while not work.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([work])

    def _moment(self, now: datetime | None) -> datetime:
        """The desk's time, unless our own clock knows better that it is long past: whoever has the desk could have us
        believe for ever what has expired."""
        own = self._own_clock()
        self._was_set = self._was_set or self._own_clock_set()
        moment = max(now or own, self.floor())
        if self._was_set and own > moment + _AHEAD:
            log.error("content_clock_differs", hours=round((own - moment).total_seconds() / 3600))
            return own
        return moment

    def _refresh(
        self,
        root: bytes,
        source: MetadataSource,
        loop: asyncio.AbstractEventLoop,
        given_up: GivingUp,
        wanted: list[str],
        moment: datetime,
    ) -> Answer:
        from kiosk.link import tuf_updater  # only now: it takes a while to load, and is needed once a day

        # Another first root is another world: nothing believed under the one counts under the other.
        folder = self._folder / hashlib.sha256(root).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        answer, latest = tuf_updater.refresh(folder, root, source, loop, given_up, wanted, moment)
        # What claims to come from a future that this machine's clock does not know is not followed: whoever has the
        # desk's keys could stop us for ever with it.
        most = self._own_clock() + _AHEAD
        floor = max((told for told in latest if told <= most), default=_EVER)
        if floor > self.floor() and not given_up.said:
            write_whole(self._folder / _FLOOR, floor.isoformat().encode())
        return answer
