"""TUF's client workflow, by the reference implementation, on a kiosk: its connection, its disk, its clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import CancelledError
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import structlog
from tuf.api import exceptions
from tuf.api.metadata import Metadata, TargetFile
from tuf.ngclient import Updater, UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface

from content.signing.roles import ROOT, SNAPSHOT, TARGETS, TIMESTAMP, made_at
from kiosk.link.content_trust import Answer, Believed, MetadataSource, Refused, Target
from kiosk.link.files import write_whole
from kiosk.link.fleet_desk import DeskFault, DeskRefusal, DeskSilent
from kiosk.link.giving_up import GivingUp

log = structlog.get_logger()

_FILE_S = 60.0  # for one file of metadata, all of it
_ABSENT = (403, 404)
_OURS = UpdaterConfig(max_root_rotations=64, prefix_targets_with_hash=False)


def refresh(
    folder: Path,
    root: bytes,
    source: MetadataSource,
    loop: asyncio.AbstractEventLoop,
    given_up: GivingUp,
    wanted: list[str],
    moment: datetime,
) -> tuple[Answer, list[datetime]]:
    """The outcome, and when what is believed now was made. Blocking; `loop` is where the connection lives. Raises
    OSError: the disk."""
    fetcher = Fetcher(source, loop, given_up)
    answer: Answer
    try:
        found = believe(folder, root, fetcher, wanted, moment, _OURS, given_up)
        answer = Believed({path: _target(target) for path, target in found.items()})
    except exceptions.DownloadError as error:
        answer = fetcher.fault or Refused(_CODES_OF_DOWNLOADS.get(type(error), "metadata-not-fetched"), fetcher.last)
    except exceptions.RepositoryError as error:
        code = next((code for kind, code in _CODES if isinstance(error, kind)), "metadata-refused")
        log.error("content_metadata_refused", code=code, at=fetcher.last)
        answer = Refused(code, fetcher.last)
    return answer, list(_made(folder))


def _made(folder: Path) -> Iterator[datetime]:
    """Only what has been verified is in these files."""
    for role in (ROOT, TARGETS, SNAPSHOT, TIMESTAMP):
        try:
            told = made_at(Metadata[Any].from_file(str(folder / f"{role}.json")).signed)
        except (exceptions.RepositoryError, exceptions.StorageError, ValueError):
            continue
        if told is not None:
            yield told


def _target(target: TargetFile | None) -> Target | None:
    return Target(target.length, target.hashes.get("sha256")) if target is not None else None


def believe(
    folder: Path,
    root: bytes | None,
    fetcher: FetcherInterface,
    wanted: list[str],
    moment: datetime,
    config: UpdaterConfig,
    given_up: GivingUp,
) -> dict[str, TargetFile | None]:
    """TUF's client workflow as of `moment`, on the metadata in `folder`. `root` None: the one in the folder. Blocking.
    Raises what tuf raises."""
    updater = _Updater(given_up, str(folder), "", fetcher=fetcher, config=config, bootstrap=root)
    updater.as_of(moment)
    updater.refresh()
    return {path: updater.get_targetinfo(path) for path in wanted}


class _Updater(Updater):
    """The reference client, on a disk whose power may fail and with a clock that is not this machine's."""

    def __init__(self, given_up: GivingUp, *arguments: Any, **options: Any) -> None:
        self._given_up = given_up  # first: the library writes in its own beginning
        super().__init__(*arguments, **options)

    def as_of(self, moment: datetime) -> None:
        self._trusted_set.reference_time = moment

    def _persist_file(self, filename: str, data: bytes) -> None:
        """The library's own renames, but does not sync: after a power cut an empty file would forget what was the
        newest, and an older one would be believed. Who has given up keeps nothing."""
        if self._given_up.said:
            raise exceptions.DownloadError("given up")
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

    def __init__(self, source: MetadataSource, loop: asyncio.AbstractEventLoop, given_up: GivingUp) -> None:
        self._source = source
        self._loop = loop
        self._given_up = given_up
        self.fault: DeskFault | None = None
        self.last = ""

    def _fetch(self, url: str) -> Iterator[bytes]:
        yield self.download_bytes(url, UpdaterConfig().targets_max_length)

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """Bounded in length and in time. Raises DownloadError."""
        self.last = url.lstrip("/")
        self.fault = None
        asked = asyncio.run_coroutine_threadsafe(self._bounded(self.last, max_length), self._loop)
        try:
            return self._given_up.result(asked)
        except CancelledError:
            raise exceptions.DownloadError("given up") from None

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
