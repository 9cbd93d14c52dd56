"""What no kiosk can ask for any more goes: packs that nothing names, and the files only they had."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from backend.releases.payloads import PayloadStore
from content.listing import FileFacts, ListingError, walk

log = structlog.get_logger()

KEPT_FOR = timedelta(days=30)  # since it came; what is being imported just now is named by nothing yet


def collect(packs: Path, objects: PayloadStore, named: set[str], now: datetime) -> int:
    """How many packs and files were removed. `named`: digests of packs that stay. The caller sees to it that nothing
    is imported meanwhile."""
    files = set(named)
    for digest in named:
        try:
            files.update(facts.sha256 for facts in _files(objects, digest))
        except (OSError, ListingError) as error:
            # Whoever mends it needs its files: nothing is removed before.
            log.error("content_not_collected", pack=digest[:16], error=type(error).__name__)
            return 0
    gone = 0
    for folder in _old(packs, now):
        if folder.name not in named:
            shutil.rmtree(folder)
            gone += 1
    for file in _old(objects.path("x").parent, now):
        if file.name not in files:
            file.unlink()
            gone += 1
    return gone


def _files(objects: PayloadStore, digest: str) -> Iterable[FileFacts]:
    def read(_path: str, facts: FileFacts) -> bytes:
        return objects.path(facts.sha256).read_bytes()

    return walk(objects.path(digest).read_bytes(), read).values()


def _old(folder: Path, now: datetime) -> list[Path]:
    before = (now - KEPT_FOR).timestamp()
    return [path for path in folder.iterdir() if path.stat().st_mtime < before] if folder.is_dir() else []
