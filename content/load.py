"""A compiled content pack: `load_pack` verifies every hash before anything is shown to a resident.

Layout of a pack directory::

    pack.json                    the index: version, services, files, each with its SHA-256
    objects/<sha256>.json        one service each, with its search keys
    templates/…                  certificate templates under their own names (Typst imports by name)
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from content.schema.service import Door, Service

FORMAT = 1
INDEX = "pack.json"


class PackError(Exception):
    """The pack is missing or damaged; the message says what to do."""


@dataclass(frozen=True)
class SearchKeys:
    """What a resident may type to find a service, lower case: hanzi, full pinyin, and its initials."""

    hanzi: tuple[str, ...]
    pinyin: tuple[str, ...]
    initials: tuple[str, ...]
    english: tuple[str, ...] = ()

    def rank(self, query: str) -> int | None:
        """How well `query` matches, 0 is best; None if it does not."""
        for offset, group in enumerate((self.hanzi, self.initials, self.pinyin, self.english)):
            if any(key.startswith(query) for key in group):
                return offset
            if any(query in key for key in group):
                return offset + 10
        return None


class _NamedService(BaseModel):
    id: str
    version: int
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class _NamedFile(BaseModel):
    path: str
    size: int
    sha256: str


class _Index(BaseModel):
    """The shape of `pack.json`."""

    format: int
    version: str
    services: list[_NamedService]
    files: list[_NamedFile]


class _Compiled(BaseModel):
    """The shape of one file under `objects`."""

    service: Service
    search: SearchKeys


@dataclass(frozen=True)
class Pack:
    """Everything a terminal offers, as of one content version."""

    version: str
    root: Path
    services: dict[str, Service]  # by id, in the order they are offered
    search_keys: dict[str, SearchKeys]  # by service id
    templates: dict[str, Path]  # by name, without .typ

    def behind(self, door: Door) -> list[Service]:
        """The services behind one door of the home screen."""
        return [service for service in self.services.values() if service.door is door]

    def search(self, query: str) -> list[Service]:
        """Services that match hanzi, pinyin, initials (`sb` finds 社保) or English, best first."""
        wanted = "".join(query.split()).lower()
        if not wanted:
            return []
        ranks = {sid: keys.rank(wanted) for sid, keys in self.search_keys.items()}
        found = sorted((rank, order) for order, rank in enumerate(ranks.values()) if rank is not None)
        services = list(self.services.values())
        return [services[order] for _, order in found]


def load_pack(directory: Path) -> Pack:
    """Read and verify a pack. Raises PackError if it is missing, incomplete or altered."""
    index = _read_index(directory)
    services: dict[str, Service] = {}
    keys: dict[str, SearchKeys] = {}
    for entry in index["services"]:
        data = verified(directory, f"objects/{entry['sha256']}.json", entry["sha256"])
        try:
            compiled = _Compiled.model_validate_json(data)
        except ValidationError as error:
            raise PackError(f"{directory}: {entry['id']} does not fit this program's schema; rebuild it") from error
        services[compiled.service.id] = compiled.service
        keys[compiled.service.id] = compiled.search
    templates: dict[str, Path] = {}
    for entry in index["files"]:
        verified(directory, entry["path"], entry["sha256"])
        path = PurePosixPath(entry["path"])
        if path.suffix == ".typ" and path.is_relative_to("templates"):
            templates[path.relative_to("templates").with_suffix("").as_posix()] = directory / path
    return Pack(index["version"], directory, services, keys, templates)


def verified(directory: Path, name: str, sha256: str) -> bytes:
    """The bytes of one file of the pack, if they are what the index promises."""
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise PackError(f"{directory / INDEX}: names a file outside the pack")
    try:
        data = (directory / name).read_bytes()
    except OSError as error:
        raise PackError(f"{directory / name} is missing: build the pack again with `menkou content build`") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise PackError(f"{directory / name} has been altered: build the pack again with `menkou content build`")
    return data


def index_version(index: dict[str, Any]) -> str:
    """The content version: a hash of all that the index names."""
    named = {key: index[key] for key in ("format", "services", "files")}
    return hashlib.sha256(json.dumps(named, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]


def _read_index(directory: Path) -> dict[str, Any]:
    try:
        index: Any = json.loads((directory / INDEX).read_bytes())
    except OSError as error:
        raise PackError(f"no content pack in {directory}: build it with `menkou content build`") from error
    except ValueError as error:
        raise PackError(f"{directory / INDEX} is not JSON: build the pack again") from error
    found = index.get("format") if isinstance(index, dict) else None
    if found != FORMAT:
        raise PackError(f"{directory / INDEX} has format {found}, this program reads {FORMAT}: build the pack again")
    try:
        _Index.model_validate(index)
    except ValidationError as error:
        raise PackError(f"{directory / INDEX} is incomplete: build the pack again") from error
    if index_version(index) != index["version"]:
        raise PackError(f"{directory / INDEX} has been altered: build the pack again with `menkou content build`")
    checked: dict[str, Any] = index
    return checked
