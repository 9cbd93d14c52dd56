"""The files of a pack. Everything is named by its hash from `pack.json` down, so one changed service changes one
object, one shard and the root, and whoever has the old pack fetches just these.

    pack.json                    the root: version, shards, files, each with its size and SHA-256
    index/<sha256>.json          a shard: the briefs of the services whose id falls into it, and their search keys
    objects/<sha256>.json        a service each, without what is default
    templates/… media/…          under their own names (Typst imports by name)
    reference/*.json             departments, operations, calendars, regions
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

import msgspec
from pydantic import BaseModel

from content.schema.base import Availability, Effective
from content.schema.service import AuthLevel, Device, Door, Kind
from content.schema.text import Text

FORMAT = 2
ROOT = "pack.json"
SHARDS = 256  # a shard of 20,000 services is a two-hundredth of the index
FOLDERS = ("index", "objects", "templates", "media", "reference")
REFERENCE = ("departments", "operations", "calendars", "regions")
ALWAYS = Availability()
OPEN_ENDED = Effective()
LAST = 1_000_000  # the order of what has no number


class PackError(Exception):
    """The pack is missing or damaged; the message says what to do."""


class Brief(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What lists, search and availability need of a service; the rest is its object."""

    id: str
    version: int
    door: Door
    journey: Kind
    title: Text
    summary: Text
    icon: str
    auth: AuthLevel
    devices: tuple[Device, ...] = ()
    availability: Availability = ALWAYS
    effective: Effective = OPEN_ENDED
    row: str | None = None
    order: int = LAST
    size: int  # of the object, bytes
    sha256: str

    @property
    def object(self) -> str:
        return object_name(self.sha256)

    def plain(self) -> Brief:
        """With the very defaults where it says the same: only those are left out of a file, and one that came from
        another process has copies."""
        return msgspec.structs.replace(
            self,
            availability=ALWAYS if self.availability == ALWAYS else self.availability,
            effective=OPEN_ENDED if self.effective == OPEN_ENDED else self.effective,
        )


Keys = tuple[str, str, str, str]  # hanzi, initials, pinyin, English: each its words, one a line
KINDS_OF_KEYS = 4


class Shard(msgspec.Struct, frozen=True):
    """Briefs and, in the same order, what each is found by: of each kind of keys one long text, with a tab between the
    services. Few long texts are read faster and leave no holes in the memory."""

    services: list[Brief]
    keys: Keys

    @classmethod
    def of(cls, services: list[Brief], keys: list[Keys]) -> Shard:
        hanzi, initials, pinyin, english = ("\t".join(group) for group in zip(*keys, strict=True))
        return cls([brief.plain() for brief in services], (hanzi, initials, pinyin, english))


class NamedFile(msgspec.Struct, frozen=True):
    path: str
    size: int
    sha256: str


class Root(msgspec.Struct, frozen=True):
    """`pack.json`. `version`: a hash of all the rest."""

    format: int
    version: str
    count: int  # of services
    shards: list[NamedFile]
    files: list[NamedFile]


def object_name(sha256: str) -> str:
    return f"objects/{sha256}.json"


def shard_of(service_id: str) -> int:
    return hashlib.sha256(service_id.encode()).digest()[0] % SHARDS


def order_of(row: str | None) -> int:
    """Where a service stands in lists: by its number; the local ones (L1) after those with a number."""
    if row is None:
        return LAST
    digits = row.lstrip("L")
    return (int(digits) if digits.isdigit() else LAST) + (1000 if row.startswith("L") else 0)


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no blanks: the same content gives the same bytes."""
    return msgspec.json.encode(value, order="sorted", enc_hook=_encode)


def root_version(root: Root) -> str:
    named = {"format": root.format, "count": root.count, "shards": root.shards, "files": root.files}
    return hashlib.sha256(canonical(named)).hexdigest()[:16]


def read_root(data: bytes, origin: object = ROOT) -> Root:
    """The root, if it is one of this program's format and says the truth about itself. Raises PackError."""
    try:
        found: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PackError(f"{origin} is not JSON: build the pack again") from error
    version = found.get("format") if isinstance(found, dict) else None
    if version != FORMAT:
        raise PackError(f"{origin} has format {version}, this program reads {FORMAT}: build the pack again")
    try:
        root = msgspec.convert(found, Root)
    except msgspec.ValidationError as error:
        raise PackError(f"{origin} is incomplete: build the pack again") from error
    for file in (*root.shards, *root.files):
        path = PurePosixPath(file.path)
        if ".." in path.parts or len(path.parts) < 2 or path.parts[0] not in FOLDERS or "\\" in file.path:
            raise PackError(f"{origin} names a file outside the pack")
    if root_version(root) != root.version:
        raise PackError(f"{origin} has been altered: build the pack again with `menkou content build`")
    return root


def read_shard(data: bytes, origin: object = "a shard") -> Shard:
    """A shard's briefs. Raises PackError where it does not fit this program's schema."""
    try:
        shard = _SHARDS.decode(data)
    except (msgspec.DecodeError, ValueError) as error:
        raise PackError(f"{origin} does not fit this program's schema; rebuild it") from error
    texts = {text.count("\t") + 1 for text in shard.keys}
    if texts != {len(shard.services)} or any(not _is_hash(brief.sha256) for brief in shard.services):
        raise PackError(f"{origin} does not fit this program's schema; rebuild it")
    return shard


def objects_of(shard: Shard) -> Iterator[NamedFile]:
    return (NamedFile(brief.object, brief.size, brief.sha256) for brief in shard.services)


def _is_hash(text: str) -> bool:
    return len(text) == 64 and not set(text) - set("0123456789abcdef")


def _encode(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    raise NotImplementedError(type(value).__name__)


def _decode(kind: type, value: Any) -> Any:
    if issubclass(kind, BaseModel):
        return _model(kind, msgspec.json.encode(value))
    raise NotImplementedError(kind.__name__)


@lru_cache(1024)
def _model(kind: type[BaseModel], data: bytes) -> BaseModel:
    """Hours and places are the same for many services: one in memory."""
    return kind.model_validate_json(data)


_SHARDS = msgspec.json.Decoder(Shard, dec_hook=_decode)
