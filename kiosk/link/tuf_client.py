"""`menkou-tuf-client`: this kiosk's updater under the command line that the TUF conformance suite drives.

--metadata-dir DIR init TRUSTED_ROOT
--metadata-dir DIR --metadata-url URL refresh
--metadata-dir DIR --metadata-url URL --target-name NAME… --target-base-url URL --target-dir DIR download
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import httpx
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.api.metadata import TargetFile
from tuf.ngclient import UpdaterConfig

from kiosk.link.download import Wanted, fetch
from kiosk.link.files import write_whole
from kiosk.link.fleet_desk import DeskFault, DeskRefusal, DeskSilent
from kiosk.link.giving_up import GivingUp
from kiosk.link.installer import InstallFailed
from kiosk.link.tuf_updater import Fetcher, believe

_CONFIG = UpdaterConfig()  # the suite's repositories prefix targets with their digests; ours does not
_TIMEOUT_S = 30.0


class Site:
    """A plain web server in the desk's place."""

    def __init__(self, client: httpx.AsyncClient, base: str) -> None:
        self._client = client
        self._base = base.rstrip("/") + "/"

    @asynccontextmanager
    async def metadata(self, name: str) -> AsyncIterator[httpx.Response | DeskFault]:
        async with self.file(name, 0) as reply:
            yield reply

    @asynccontextmanager
    async def file(self, name: str, start: int) -> AsyncIterator[httpx.Response | DeskFault]:
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        try:
            async with self._client.stream("GET", self._base + name, headers=headers) as reply:
                yield reply if reply.is_success else DeskRefusal(reply.status_code, f"http-{reply.status_code}")
        except httpx.ConnectError as error:
            yield DeskSilent(type(error).__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """0: all was done; 1: some was not."""
    asked = _parser().parse_args(arguments)
    if asked.command == "init":
        write_whole(asked.metadata_dir / "root.json", asked.trusted_root.read_bytes())
        return 0
    try:
        asyncio.run(_update(asked))
    except (RepositoryError, DownloadError, InstallFailed, OSError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="menkou-tuf-client", description="The kiosk's updater, for conformance tests."
    )
    parser.add_argument("--metadata-dir", type=Path, required=True)
    parser.add_argument("--metadata-url", default="")
    parser.add_argument("--target-name", action="append", default=[])
    parser.add_argument("--target-base-url", default="")
    parser.add_argument("--target-dir", type=Path)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("init").add_argument("trusted_root", type=Path)
    commands.add_parser("refresh")
    commands.add_parser("download")
    return parser


async def _update(asked: argparse.Namespace) -> None:
    async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client:
        given_up = GivingUp()  # never: the suite waits
        fetcher = Fetcher(Site(client, asked.metadata_url), asyncio.get_running_loop(), given_up)
        wanted = asked.target_name if asked.command == "download" else []
        now = datetime.now(UTC)
        found = await asyncio.to_thread(believe, asked.metadata_dir, None, fetcher, wanted, now, _CONFIG, given_up)
        for name in wanted:
            target = found[name]
            if target is None:
                raise InstallFailed(f"not signed: {name}")
            await _download(Site(client, asked.target_base_url), target, asked.target_dir)


async def _download(site: Site, target: TargetFile, folder: Path) -> None:
    kept = folder / quote(target.path, safe="")
    if _is(kept, target):
        return
    algorithm: Literal["sha256", "sha512"] = "sha256" if "sha256" in target.hashes else "sha512"
    if algorithm not in target.hashes:
        raise InstallFailed("neither SHA-256 nor SHA-512")
    wanted = Wanted(target.hashes[algorithm], target.length, algorithm=algorithm)
    before, slash, name = target.path.rpartition("/")
    remote = f"{before}{slash}{next(iter(target.hashes.values()))}.{name}"

    async def give_up(_attempt: int, fault: DeskFault) -> None:
        raise InstallFailed(f"not fetched: {fault}")

    whole = await fetch(wanted, folder / ".part", lambda start: site.file(remote, start), give_up)
    if not _is(whole, target):  # it may name more digests than one
        raise InstallFailed("other than signed")
    whole.replace(kept)


def _is(file: Path, target: TargetFile) -> bool:
    try:
        with file.open("rb") as opened:
            target.verify_length_and_hashes(opened)
    except (OSError, RepositoryError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
