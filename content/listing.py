"""Which files a pack consists of, by what its root names: the part of a pack that an updater has to understand.

`pack.json` names files with their sizes and digests, and shards, which name more files. Whoever trusts the digest of
`pack.json` can so verify all the rest, a file at a time. Paths and sizes are bounded: a listing may be hostile.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from content.pack_format import ROOT, object_name

MOST_FILES = 200_000
MOST_BYTES = 2 << 30  # all files together
MOST_LISTING = 64 << 20
_SEGMENT = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,127}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class ListingError(Exception):
    """A listing that is not one, or names what no pack may hold."""


@dataclass(frozen=True)
class FileFacts:
    sha256: str
    size: int  # bytes


def pack_files(directory: Path) -> dict[str, FileFacts]:
    """Every file that the pack in `directory` names, by path, read and found to be what it should be; `pack.json`
    itself is not among them. Raises ListingError."""
    try:
        files = walk((directory / ROOT).read_bytes(), lambda path, facts: (directory / path).read_bytes())
        for path, facts in files.items():
            with (directory / path).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != facts.sha256:
                    raise ListingError(f"{path} is not what the pack says")
    except OSError as error:
        raise ListingError(f"the pack is not whole: {type(error).__name__}") from None
    return files


def walk(root: bytes, read: Callable[[str, FileFacts], bytes]) -> dict[str, FileFacts]:
    """The same from the bytes of `pack.json`; `read(path, facts)` gives a shard's. Raises ListingError, and what
    `read` raises."""
    files: dict[str, FileFacts] = {}
    shards = _take(files, root)
    for path in shards:
        data = read(path, files[path])
        if hashlib.sha256(data).hexdigest() != files[path].sha256:
            raise ListingError(f"{path} is not what the pack says")
        if _take(files, data):
            raise ListingError("a shard names shards")
    return files


def shards(root: bytes) -> dict[str, FileFacts]:
    """The files that must be read to know the rest. Raises ListingError."""
    files: dict[str, FileFacts] = {}
    return {path: files[path] for path in _take(files, root)}


def _take(files: dict[str, FileFacts], data: bytes) -> list[str]:
    """Add what a listing names; the paths of its shards."""
    if len(data) > MOST_LISTING:
        raise ListingError("the listing is too large")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise ListingError("the listing is not JSON") from None
    found = []
    for kind, path, facts in _named(content):
        if files.setdefault(path, facts) != facts:
            raise ListingError(f"{path} is named twice with other content")
        if kind == "shards":
            found.append(path)
    if len(files) > MOST_FILES or sum(facts.size for facts in files.values()) > MOST_BYTES:
        raise ListingError("the pack is too large")
    return found


def _named(content: Any) -> Iterator[tuple[str, str, FileFacts]]:
    if not isinstance(content, dict):
        raise ListingError("the listing is not an object")
    for kind in ("shards", "services", "files"):
        entries = content.get(kind, [])
        if not isinstance(entries, list):
            raise ListingError(f"{kind} is not a list")
        for entry in entries:
            try:
                sha256, size = entry["sha256"], entry["size"]
                path = entry.get("path", object_name(sha256))
            except (TypeError, KeyError, AttributeError):
                raise ListingError(f"{kind}: an entry without its digest and size") from None
            if not (isinstance(sha256, str) and _DIGEST.fullmatch(sha256)):
                raise ListingError(f"{kind}: not a SHA-256")
            if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MOST_BYTES:
                raise ListingError(f"{kind}: not a size")
            yield kind, _path(path), FileFacts(sha256, size)


def _path(text: Any) -> str:
    """A plain path below the pack's folder; nothing that leads out of it, nor over its root."""
    if not isinstance(text, str) or text == ROOT or len(text) > 400:
        raise ListingError("not a path of a pack")
    parts = PurePosixPath(text).parts
    if not 2 <= len(parts) <= 6 or "/".join(parts) != text or not all(_SEGMENT.fullmatch(part) for part in parts):
        raise ListingError("not a path of a pack")
    return text
