"""What this kiosk believes about content: TUF's metadata on its disk, brought up to date through the desk.

The desk is only the carrier. What it may make a kiosk take was decided by people with keys the desk has never held.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx
import structlog
from tuf.api import exceptions
from tuf.api.metadata import Metadata, Root, TargetFile
from tuf.ngclient import Updater, UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface

from content.signing.roles import ROOT, SNAPSHOT, TARGETS, TIMESTAMP, made_at
from kiosk.link.files import write_whole
from kiosk.link.fleet_desk import DeskFault, DeskRefusal, DeskSilent

log = structlog.get_logger()

_FILE_S = 60.0  # for one file of metadata, all of it
_FLOOR = "latest"
_EVER = datetime(2026, 1, 1, tzinfo=UTC)  # this program is younger
_AHEAD = timedelta(days=1)
_ABSENT = (403, 404)


class MetadataSource(Protocol):
    def metadata(self, name: str) -> AbstractAsyncContextManager[httpx.Response | DeskFault]:
        """A file of metadata by its name; an answer to be read by `aiter_raw`, or why there is none."""


@dataclass(frozen=True)
class Refused:
    """The metadata is not to be believed, or not any more. `code`: ours, for reports. What was believed stays."""

    code: str
    at: str = ""  # which file was asked for last


@dataclass(frozen=True)
class Believed:
    """`targets`: what was signed, by target path, as far as it was asked for."""

    targets: dict[str, TargetFile | None] = field(default_factory=dict)


Answer = Believed | Refused | DeskRefusal | DeskSilent


class ContentTrust:
    """`folder` holds what is believed. `root()`: the root this kiosk was given with its image or at its enrolment;
    None: it takes no content. One call at a time."""

    def __init__(
        self,
        folder: Path,
        root: Callable[[], bytes | None],
        *,
        config: UpdaterConfig | None = None,
        own_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._root = root
        self._config = config or UpdaterConfig(max_root_rotations=64, prefix_targets_with_hash=False)
        self._own_clock = own_clock

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
            return Refused("content-root-missing", ROOT)
        moment = max(now or self._own_clock(), self.floor())
        loop = asyncio.get_running_loop()
        fetcher = Fetcher(source, loop)
        try:
            return await asyncio.to_thread(self._refresh, root, fetcher, wanted, moment)
        except asyncio.CancelledError:
            fetcher.stop()
            raise

    def _refresh(self, root: bytes, fetcher: Fetcher, wanted: list[str], moment: datetime) -> Answer:
        # Another first root is another world: nothing believed under the one counts under the other.
        folder = self._folder / hashlib.sha256(root).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return believe(folder, root, fetcher, wanted, moment, self._config)
        except exceptions.DownloadError as error:
            return fetcher.fault or Refused(_CODES_OF_DOWNLOADS.get(type(error), "metadata-not-fetched"))
        except exceptions.RepositoryError as error:
            code = next((code for kind, code in _CODES if isinstance(error, kind)), "metadata-refused")
            log.error("content_metadata_refused", code=code, at=fetcher.last)
            return Refused(code, fetcher.last)
        finally:
            self._raise_floor(folder)

    def _raise_floor(self, folder: Path) -> None:
        """Only what has been verified is in these files. What claims to come from a future that this machine's clock
        does not know is not followed: whoever has the desk's keys could stop us for ever with it."""
        latest, most = self.floor(), self._own_clock() + _AHEAD
        for role in (ROOT, TARGETS, SNAPSHOT, TIMESTAMP):
            try:
                told = made_at(Metadata[Any].from_file(str(folder / f"{role}.json")).signed)
            except (exceptions.RepositoryError, exceptions.StorageError, ValueError):
                continue
            if told is not None and told <= most:
                latest = max(latest, told)
        if latest > self.floor():
            write_whole(self._folder / _FLOOR, latest.isoformat().encode())


def believe(
    folder: Path,
    root: bytes | None,
    fetcher: FetcherInterface,
    wanted: list[str],
    moment: datetime,
    config: UpdaterConfig,
) -> Believed:
    """TUF's client workflow as of `moment`, on the metadata in `folder`. `root` None: the one in the folder. Blocking.
    Raises what tuf raises."""
    updater = _Updater(str(folder), "", fetcher=fetcher, config=config, bootstrap=root)
    updater.as_of(moment)
    updater.refresh()
    return Believed({path: updater.get_targetinfo(path) for path in wanted})


class _Updater(Updater):
    """The reference client, on a disk whose power may fail and with a clock that is not this machine's."""

    def as_of(self, moment: datetime) -> None:
        self._trusted_set.reference_time = moment

    def _persist_file(self, filename: str, data: bytes) -> None:
        """The library's own renames, but does not sync: after a power cut an empty file would forget what was the
        newest, and an older one would be believed."""
        write_whole(Path(filename), data)

    def _update_root_symlink(self) -> None:
        """A file rather than a link that is first removed and then made."""
        root = Path(self._dir, "root_history", f"{self._trusted_set.root.version}.root.json").read_bytes()
        file = Path(self._dir, "root.json")
        if file.is_symlink() or not file.exists() or file.read_bytes() != root:
            file.unlink(missing_ok=True) if file.is_symlink() else None
            write_whole(file, root)


class Fetcher(FetcherInterface):
    """From the updater's thread into the loop, where the connection is. `fault`: the desk's last one; `last`: which
    file was asked for last."""

    def __init__(self, source: MetadataSource, loop: asyncio.AbstractEventLoop) -> None:
        self._source = source
        self._loop = loop
        self._stopped = False
        self.fault: DeskFault | None = None
        self.last = ""

    def stop(self) -> None:
        self._stopped = True

    def _fetch(self, url: str) -> Iterator[bytes]:
        yield self.download_bytes(url, UpdaterConfig().targets_max_length)

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """Bounded in length and in time. Raises DownloadError."""
        if self._stopped:
            raise exceptions.DownloadError("given up")
        self.last = url.lstrip("/")
        self.fault = None
        return asyncio.run_coroutine_threadsafe(self._bounded(self.last, max_length), self._loop).result()

    async def _bounded(self, name: str, most: int) -> bytes:
        data = bytearray()
        try:
            async with asyncio.timeout(_FILE_S), self._source.metadata(name) as reply:
                if isinstance(reply, DeskRefusal) and reply.status in _ABSENT:
                    raise exceptions.DownloadHTTPError("absent", reply.status)
                if not isinstance(reply, httpx.Response):
                    self.fault = reply
                    raise exceptions.DownloadError("the desk does not answer")
                async for chunk in reply.aiter_raw():
                    data += chunk
                    if len(data) > most:
                        raise exceptions.DownloadLengthMismatchError("longer than it may be")
        except TimeoutError:
            raise exceptions.SlowRetrievalError("too slow") from None
        except httpx.HTTPError as error:
            self.fault = DeskSilent(type(error).__name__)
            raise exceptions.DownloadError("cut off") from None
        return bytes(data)


_CODES: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ExpiredMetadataError, "metadata-expired"),
    (exceptions.UnsignedMetadataError, "metadata-unsigned"),
    (exceptions.BadVersionNumberError, "metadata-rolled-back"),
    (exceptions.LengthOrHashMismatchError, "metadata-mixed"),
)
_CODES_OF_DOWNLOADS: dict[type[Exception], str] = {
    exceptions.DownloadLengthMismatchError: "metadata-endless",
    exceptions.SlowRetrievalError: "metadata-slow",
    exceptions.DownloadHTTPError: "metadata-absent",
}

__all__ = ["Answer", "Believed", "ContentTrust", "MetadataSource", "Refused", "Root", "believe"]
