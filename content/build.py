"""Compile the catalogue into a pack: checked, content-addressed, ready to be verified by a terminal."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import msgspec

from content.calendar import WorkingDays
from content.compile import Compiled, Work, compile_files, write
from content.lint import together
from content.lint.fault import Fault
from content.load import Pack, load_pack
from content.pack_format import FOLDERS, FORMAT, ROOT, NamedFile, Root, Shard, canonical, root_version, shard_of
from content.read import lines_of
from content.schema.service import Service
from content.schema.text import Text
from content.sources import (
    Sources,
    files_in,
    media_dir,
    parse,
    read_sources,
    service_files,
    templates_dir,
)

_LINES_LOOKED_UP = 200  # of faults between files: each costs reading a file again
CATALOGUE = Path(__file__).parent / "catalogue"


class ContentError(Exception):
    """The catalogue cannot be published; `faults` says what to mend where."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Examined:
    """The outcome of a check. `faults` are refused, `notes` only told."""

    files: int
    faults: list[Fault]
    notes: list[Fault]


def examine(catalogue: Path = CATALOGUE, *, icons: set[str] | None = None, today: date | None = None) -> Examined:
    """Check a catalogue. `today`: also by the day it is (calendars of the years that promises reach)."""
    sources = read_sources(catalogue)
    return _outcome(
        sources, list(compile_files(service_files(catalogue), Work(sources.known(icons=icons, today=today)))), today
    )


def lint(catalogue: Path = CATALOGUE, *, icons: set[str] | None = None, today: date | None = None) -> list[Service]:
    """The services of a catalogue in the order of their files. Raises ContentError with every fault found."""
    outcome = examine(catalogue, icons=icons, today=today)
    if outcome.faults:
        raise ContentError(outcome.faults)
    services = [parse(file, file.read_bytes(), Service)[0] for file in service_files(catalogue)]
    return [service for service in services if service is not None]


def build(catalogue: Path, out_dir: Path, *, icons: set[str] | None = None, today: date | None = None) -> Pack:
    """Check and compile `catalogue` into `out_dir`; the root is replaced last, what it no longer names is then removed.

    Templates and media are taken from beside the catalogue. Raises ContentError.
    """
    sources = read_sources(catalogue)
    objects = out_dir / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    work = Work(sources.known(icons=icons, today=today), objects)
    items = list(compile_files(service_files(catalogue), work))
    outcome = _outcome(sources, items, today)
    if outcome.faults:
        for item in items:
            if item.created and item.brief is not None:
                (out_dir / item.brief.object).unlink(missing_ok=True)
        raise ContentError(outcome.faults)
    kept = {out_dir / item.brief.object for item in items if item.brief is not None}

    def put(name: str, data: bytes) -> NamedFile:
        path = out_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, data)
        kept.add(path)
        return NamedFile(name, len(data), hashlib.sha256(data).hexdigest())

    shards = [put(f"index/{hashlib.sha256(data).hexdigest()}.json", data) for data in map(canonical, _shards(items))]
    files = [put(name, data) for name, data in _other_files(sources)]
    root = Root(FORMAT, "", len(items), shards, files)
    root = msgspec.structs.replace(root, version=root_version(root))
    write(out_dir / ROOT, msgspec.json.format(canonical(root), indent=1) + b"\n")
    for folder in FOLDERS:
        for stale in set(files_in(out_dir / folder)) - kept:
            stale.unlink()
    return load_pack(out_dir)


def _outcome(sources: Sources, items: list[Compiled], today: date | None) -> Examined:
    found = [*sources.faults, *(fault for item in items for fault in item.faults)]
    if not items:
        folder = sources.catalogue / "services"
        found.append(
            Fault(
                folder, "", Text("没有事项；请每项加一个 YAML 文件", "no services here; add one YAML file per service")
            )
        )
    calendars = WorkingDays(sources.calendars)
    across = list(together.rules(items, calendars, sources.catalogue / "calendars", today))
    found += [_with_line(fault) for fault in across[:_LINES_LOOKED_UP]] + across[_LINES_LOOKED_UP:]
    return Examined(len(items), [fault for fault in found if not fault.note], [fault for fault in found if fault.note])


def _with_line(fault: Fault) -> Fault:
    if not fault.place:
        return fault
    return replace(fault, line=lines_of(fault.file.read_bytes(), [fault.place])[fault.place])


def _shards(items: list[Compiled]) -> Iterator[Shard]:
    """Those that hold anything, each with its services in the order of their ids."""
    shards: defaultdict[int, list[Compiled]] = defaultdict(list)
    for item in items:
        if item.brief is not None:
            shards[shard_of(item.brief.id)].append(item)
    for number in sorted(shards):
        held = sorted(shards[number], key=lambda item: item.brief.id if item.brief else "")
        yield Shard.of([item.brief for item in held if item.brief], [item.keys for item in held if item.keys])


def _other_files(sources: Sources) -> Iterator[tuple[str, bytes]]:
    for folder, directory in (
        ("templates", templates_dir(sources.catalogue)),
        ("media", media_dir(sources.catalogue)),
    ):
        for file in files_in(directory):
            yield f"{folder}/{file.relative_to(directory).as_posix()}", file.read_bytes()
    yield "reference/departments.json", canonical(sources.departments)
    yield "reference/operations.json", canonical(sources.systems)
    yield "reference/calendars.json", canonical(sources.calendars)
    yield "reference/regions.json", canonical(sources.regions)
