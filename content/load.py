"""A compiled content pack, as terminals and the backend use it.

`load_pack` verifies the root, the index, templates and reference data before anything is shown; a service's own
object and pictures are verified when they are read (`verify_all` reads them all).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from content.calendar import WorkingDays
from content.pack_format import (
    KINDS_OF_KEYS,
    ROOT,
    Brief,
    NamedFile,
    PackError,
    Root,
    Shard,
    objects_of,
    read_root,
    read_shard,
)
from content.schema.reference import Calendar, Department, Operation, Operations, Region
from content.schema.service import Door, Service
from content.search import SearchIndex

__all__ = ["INDEX", "Brief", "Pack", "PackError", "diff", "load_pack", "verified"]

T = TypeVar("T")
INDEX = ROOT  # the file that names all others
_KEPT = 64  # parsed services in memory


class Pack:
    """Everything a terminal offers, as of one content version. Immutable; use from any thread that reads files."""

    def __init__(self, directory: Path, root: Root, briefs: list[Brief], search: SearchIndex) -> None:
        self.root = directory
        self.briefs = tuple(briefs)  # in the order they are offered
        self.services: Mapping[str, Service] = _Services(self)
        self._index = root
        self._by_id = {brief.id: brief for brief in briefs}
        self._search = search
        self._needs: dict[Door, tuple[Brief, ...]] = {}
        self._behind: dict[Door, list[Brief]] = {door: [] for door in Door}
        for brief in briefs:
            self._behind[brief.door].append(brief)

    @property
    def version(self) -> str:
        return self._index.version

    def brief(self, service_id: str) -> Brief | None:
        return self._by_id.get(service_id)

    def behind(self, door: Door) -> list[Brief]:
        """The services behind one door of the home screen."""
        return self._behind[door]

    def needs_behind(self, door: Door) -> tuple[Brief, ...]:
        """One service behind `door` for each set of needs (journey, devices, hours, places, dates): enough to know
        whether any can start, however many there are."""
        if door not in self._needs:
            kinds: dict[object, Brief] = {}
            for brief in self._behind[door]:
                offer = (brief.availability.model_dump_json(), brief.effective.model_dump_json())
                kinds.setdefault((brief.journey, brief.devices, *offer), brief)
            self._needs[door] = tuple(kinds.values())
        return self._needs[door]

    def search(self, query: str, limit: int = 50) -> list[Brief]:
        """Services that match hanzi, pinyin, initials (`sb` finds 社保) or English, best first."""
        return [self.briefs[place] for place in self._search.find(query, limit)]

    @cached_property
    def templates(self) -> dict[str, Path]:
        """Typst files by name, without .typ."""
        found: dict[str, Path] = {}
        for file in self._index.files:
            path = PurePosixPath(file.path)
            if path.parts[0] == "templates" and path.suffix == ".typ":
                found[path.relative_to("templates").with_suffix("").as_posix()] = self.root / path
        return found

    @cached_property
    def media(self) -> Mapping[str, Path]:
        """Pictures by name; one that is missing or altered raises PackError when it is asked for."""
        return _Media(self.root, [file for file in self._index.files if file.path.startswith("media/")])

    @cached_property
    def departments(self) -> dict[str, Department]:
        return {department.id: department for department in self._reference("departments", _DEPARTMENTS)}

    @cached_property
    def systems(self) -> dict[str, Operations]:
        """The departments' systems by name, each with its department and operations."""
        return {system.system: system for system in self._reference("operations", _SYSTEMS)}

    @cached_property
    def operations(self) -> dict[str, Operation]:
        return {operation.name: operation for system in self.systems.values() for operation in system.operations}

    @cached_property
    def calendars(self) -> dict[int, Calendar]:
        return {calendar.year: calendar for calendar in self._reference("calendars", _CALENDARS)}

    @cached_property
    def working_days(self) -> WorkingDays:
        return WorkingDays(self.calendars.values())

    @cached_property
    def regions(self) -> list[Region]:
        return self._reference("regions", _REGIONS)

    def files(self) -> Iterator[NamedFile]:
        """Every file of the pack but the root."""
        yield from self._index.shards
        yield from self._index.files
        for brief in self.briefs:
            yield NamedFile(brief.object, brief.size, brief.sha256)

    def verify_all(self) -> None:
        """Reads every file and every service. Raises PackError at the first that is not as promised."""
        for file in self.files():
            verified(self.root, file.path, file.sha256)
        for brief in self.briefs:
            self.services[brief.id]

    def _reference(self, name: str, kind: TypeAdapter[list[T]]) -> list[T]:
        path = f"reference/{name}.json"
        file = next((file for file in self._index.files if file.path == path), None)
        if file is None:
            return []
        try:
            return kind.validate_json(verified(self.root, path, file.sha256))
        except ValidationError as error:
            raise PackError(f"{self.root / path} does not fit this program's schema; rebuild it") from error


_DEPARTMENTS = TypeAdapter(list[Department])
_SYSTEMS = TypeAdapter(list[Operations])
_CALENDARS = TypeAdapter(list[Calendar])
_REGIONS = TypeAdapter(list[Region])


class _Services(Mapping[str, Service]):
    """Services by id in the order they are offered; read, verified and parsed when one is asked for. Raises PackError
    where that fails, KeyError where there is none."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._parsed: OrderedDict[str, Service] = OrderedDict()

    def __getitem__(self, service_id: str) -> Service:
        if (kept := self._parsed.get(service_id)) is not None:
            return kept
        brief = self._pack.brief(service_id)
        if brief is None:
            raise KeyError(service_id)
        data = verified(self._pack.root, brief.object, brief.sha256)
        try:
            service = Service.model_validate_json(data)
        except ValidationError as error:
            raise PackError(f"{service_id} does not fit this program's schema; rebuild the pack") from error
        if (service.id, service.version) != (brief.id, brief.version):
            raise PackError(f"{service_id}: its object is another service's; rebuild the pack")
        self._parsed[service_id] = service
        while len(self._parsed) > _KEPT:
            self._parsed.popitem(last=False)
        return service

    def __contains__(self, service_id: object) -> bool:
        return isinstance(service_id, str) and self._pack.brief(service_id) is not None

    def __iter__(self) -> Iterator[str]:
        return (brief.id for brief in self._pack.briefs)

    def __len__(self) -> int:
        return len(self._pack.briefs)


class _Media(Mapping[str, Path]):
    def __init__(self, root: Path, files: list[NamedFile]) -> None:
        self._root = root
        self._files = {file.path.removeprefix("media/"): file for file in files}

    def __getitem__(self, name: str) -> Path:
        file = self._files[name]
        verified(self._root, file.path, file.sha256)
        return self._root / file.path

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def load_pack(directory: Path) -> Pack:
    """Read and verify a pack. Raises PackError if it is missing, incomplete or altered."""
    try:
        data = (directory / ROOT).read_bytes()
    except OSError as error:
        raise PackError(f"no content pack in {directory}: build it with `menkou content build`") from error
    root = read_root(data, directory / ROOT)
    shards = [read_shard(verified(directory, file.path, file.sha256), directory / file.path) for file in root.shards]
    briefs = [brief for shard in shards for brief in shard.services]
    if len({brief.id for brief in briefs}) != root.count or len(briefs) != root.count:
        raise PackError(f"{directory / ROOT} is incomplete: build the pack again")
    order = sorted(range(len(briefs)), key=lambda place: (briefs[place].order, briefs[place].id))
    for file in root.files:
        if not file.path.startswith("media/"):
            verified(directory, file.path, file.sha256)
    search = SearchIndex(_ordered(shards, group, order) for group in range(KINDS_OF_KEYS))
    return Pack(directory, root, [briefs[place] for place in order], search)


def _ordered(shards: list[Shard], group: int, order: list[int]) -> list[str]:
    """One group of every service's keys."""
    keys = [text for shard in shards for text in shard.keys[group].split("\t")]
    return [keys[place] for place in order]


def verified(directory: Path, name: str, sha256: str) -> bytes:
    """The bytes of one file of the pack, if they are what the index promises. Raises PackError."""
    try:
        data = (directory / name).read_bytes()
    except OSError as error:
        raise PackError(f"{directory / name} is missing: build the pack again with `menkou content build`") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise PackError(f"{directory / name} has been altered: build the pack again with `menkou content build`")
    return data


def diff(old: Pack | None, root: Root, read: Callable[[NamedFile], bytes]) -> list[NamedFile]:
    """What the pack of `root` has that `old` has not, shards first. `read` fetches a changed shard's bytes (verified
    by the caller); unchanged shards are not looked at, so this costs what has changed."""
    have = {(file.path, file.sha256) for file in old.files()} if old is not None else set()
    fresh = [file for file in (*root.shards, *root.files) if (file.path, file.sha256) not in have]
    shards = {file.path for file in root.shards}
    objects = [file for shard in fresh if shard.path in shards for file in objects_of(read_shard(read(shard)))]
    return fresh + [file for file in objects if (file.path, file.sha256) not in have]
