"""Content releases on the kiosk: believed by their signatures, fetched file by file, put in place between residents,
and taken back when they do not do."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import random
import shutil
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import structlog

from backend.contract.fleet_api import RolloutOrder
from content.listing import FileFacts, ListingError, shards, walk
from content.load import Pack, load_pack
from content.pack_format import PackError
from content.signing.names import target_path
from kiosk.link.content_store import FACTORY, ContentStore
from kiosk.link.content_trust import Believed, ContentTrust, Refused
from kiosk.link.download import Wanted, fetch
from kiosk.link.fleet_desk import DeskFault, FleetDesk
from kiosk.link.installer import InstallFailed, Way

log = structlog.get_logger()

_SPARE = 256 * 1024 * 1024  # bytes of the disk that a release must leave
_CHECK_S = 120.0
_DAY_S = 24 * 3600.0
_SOONEST_S = 600.0
_MOST_TRIES = 3  # metadata that is refused may have been caught while it was renewed


@dataclass(frozen=True)
class Unlooked:
    """All that could be looked at works. `code`: what could not be."""

    code: str


# Whether every screen and template of what has changed works: a code of what does not, None if all do.
SelfCheck = Callable[[Pack, Pack], Awaitable[str | Unlooked | None]]


class ContentInstaller:
    """`running`: the pack the program was started with. `use(pack)`: serve with this one from now on; called between
    sessions. `check(old, new)`: the self-check."""

    def __init__(
        self,
        store: ContentStore,
        trust: ContentTrust,
        running: Pack,
        *,
        use: Callable[[Pack], None],
        check: SelfCheck,
        spare: int = _SPARE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._trust = trust
        self._running = running
        self._loaded: Pack | None = None  # put in place, not yet found good
        self._use = use
        self._check = check
        self._spare = spare
        self._sleep = sleep
        self._one_at_a_time = asyncio.Lock()

    def version(self) -> str:
        return self._running.version

    @property
    def _running_name(self) -> str:
        """Its folder's. Whatever the disk says of itself, what serves is not tidied away."""
        return self._running.root.name

    # While residents are served

    async def fetch(self, order: RolloutOrder, way: Way) -> Path:
        with _DiskFaults():
            await self._believe(order, way)
            payload = await way.payload()
            root = await asyncio.to_thread(payload.read_bytes)
            name = hashlib.sha256(root).hexdigest()
            if self._store.given_up(name):
                raise InstallFailed("self-check-crashed")
            await asyncio.to_thread(self._store.begin, name, self._running_name)
            if self._store.whole(name) and not await asyncio.to_thread(self._store.sound, name):
                log.error("content_pack_damaged")
                if name == self._running_name:
                    raise InstallFailed("pack-unusable")  # it serves: not taken apart under residents
                await asyncio.to_thread(self._store.drop, name)
            if not self._store.whole(name):
                await self._gather(order, way, root)
        return payload

    async def look_after(self, desk: Callable[[], FleetDesk], now: Callable[[], datetime | None]) -> None:
        """For ever: once a day what is believed is brought up to date, so that changes of keys are not missed. The
        first time at any hour of it: a province does not ask at once, and who is restarted every night asks too."""
        pause = random.SystemRandom().uniform(_SOONEST_S, _DAY_S)
        while True:
            await self._sleep(pause)
            pause = _DAY_S
            async with self._one_at_a_time:
                answer = await self._trust.refresh(desk(), [], now())
            if isinstance(answer, Refused):
                log.error("content_metadata_not_renewed", code=answer.code)

    async def _believe(self, order: RolloutOrder, way: Way) -> None:
        """The order names what people with keys have signed. Raises InstallFailed."""
        attempt = refused = 0
        path = target_path(order.version)
        while True:
            async with self._one_at_a_time:
                answer = await self._trust.refresh(way.desk(), [path], way.now())
            if isinstance(answer, Believed):
                target = answer.targets[path]
                if target is None:
                    raise InstallFailed("not-signed")
                if (target.size, target.sha256) != (order.size, order.sha256):
                    raise InstallFailed("other-than-signed")
                return
            if isinstance(answer, Refused):
                refused += 1
                if refused == _MOST_TRIES or answer.code in ("content-root-missing", "metadata-expired"):
                    raise InstallFailed(answer.code)
                await self._sleep(float(refused))
                continue
            attempt += 1
            await way.pause(attempt, answer)

    async def _gather(self, order: RolloutOrder, way: Way, root: bytes) -> None:
        """Fetch what no pack here has, and put the new pack together. Raises InstallFailed."""
        try:
            await self._complete(order, way, shards(root))
            files = await asyncio.to_thread(walk, root, self._store.read)
            found = await self._complete(order, way, files)
            await asyncio.to_thread(self._store.assemble, root, found)
        except (ListingError, PackError) as error:
            log.error("content_pack_unusable", error=type(error).__name__)
            raise InstallFailed("pack-unusable") from None

    async def _complete(self, order: RolloutOrder, way: Way, files: dict[str, FileFacts]) -> dict[str, Path]:
        """Where each of them is, once what was missing has been fetched."""
        found, missing = await asyncio.to_thread(self._store.find, files)
        if missing:
            await self._fetch(order, way, missing)
            fetched = {facts.sha256: self._store.files / facts.sha256 for facts in missing}
            found |= {path: fetched[facts.sha256] for path, facts in files.items() if path not in found}
        return found

    async def _fetch(self, order: RolloutOrder, way: Way, missing: list[FileFacts]) -> None:
        free = await asyncio.to_thread(_free, self._store.files)
        if free < sum(facts.size for facts in missing) + self._spare:
            raise InstallFailed("disk-full")
        for facts in missing:

            def opened(
                start: int, sha256: str = facts.sha256
            ) -> AbstractAsyncContextManager[httpx.Response | DeskFault]:
                return way.desk().content(sha256, start)

            await fetch(Wanted(facts.sha256, facts.size, order.bytes_per_s), self._store.files, opened, way.pause)
        log.info("content_fetched", files=len(missing), bytes=sum(facts.size for facts in missing))

    # Between residents

    async def install(self, payload: Path, version: str) -> None:
        with _DiskFaults():
            name = hashlib.sha256(await asyncio.to_thread(payload.read_bytes)).hexdigest()
            try:
                pack = await asyncio.to_thread(load_pack, self._store.folder_of(name))
            except PackError:
                raise InstallFailed("pack-unusable") from None
            except OSError:
                raise
            except Exception as error:
                log.error("content_pack_unusable", error=type(error).__name__)
                raise InstallFailed("pack-unusable") from error
            if pack.version != version:
                raise InstallFailed("version-differs")
            await asyncio.to_thread(self._store.switch, name)
            self._loaded = pack

    async def check(self, version: str) -> str:
        note = ""
        new = self._loaded or self._running
        if new.version != version:
            raise InstallFailed("other-version-runs")
        if self._loaded is not None:
            found = await self._found_wrong(new)
            if isinstance(found, str):
                raise InstallFailed(found)
            note = found.code if found is not None else ""
            self._use(new)
            self._running, self._loaded = new, None
        with _DiskFaults():
            await asyncio.to_thread(self._store.confirm)
            await asyncio.to_thread(self._store.tidy, [self._running_name])
        return note

    async def _found_wrong(self, new: Pack) -> str | Unlooked | None:
        try:
            async with asyncio.timeout(_CHECK_S):
                return await self._check(self._running, new)
        except TimeoutError:
            return "self-check-hangs"
        except Exception as error:  # noqa: BLE001 - content that makes any part of us fail is not taken
            log.error("content_self_check_failed", error=type(error).__name__)
            return "self-check-failed"

    async def go_back(self, version: str) -> None:
        with _DiskFaults():
            if self._loaded is not None:  # it never served anybody
                self._loaded = None
                await asyncio.to_thread(self._store.back)
                return
            if self._running.version != version:
                return
            await asyncio.to_thread(self._store.back)
            pack = await asyncio.to_thread(self._store.open)
            self._use(pack)
            self._running = pack


class _DiskFaults:
    """A disk that does not take it is an answer, not a bug: the old version runs on."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError) and not isinstance(error, TimeoutError):
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            log.error("content_disk_fault", error=errno.errorcode.get(error.errno or 0, "?"))
            raise InstallFailed("disk-full" if full else "disk-fault") from error


def _free(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return shutil.disk_usage(folder).free


__all__ = ["FACTORY", "ContentInstaller", "SelfCheck", "Unlooked"]
