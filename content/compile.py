"""One file of the catalogue at a time: read, checked, compiled. Many files are shared out to several processes."""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import msgspec

from content.lint import lint_service
from content.lint.fault import Fault, Finding, fault
from content.lint.known import Known
from content.pack_format import Brief, Keys, canonical, object_name, order_of
from content.schema.elements import ItemCodes
from content.schema.service import Service
from content.sources import located, parse

_SECONDS_PER_MIB = {".yaml": 0.6, ".json": 0.16}  # rough: what reading and checking costs
_WORTH_IT_S = 3.0  # below, starting processes costs more than it saves
_CHUNK = 64


@dataclass(frozen=True)
class Facts:
    """What the rules over the whole catalogue need of one service."""

    id: str
    codes: ItemCodes | None
    type_code: str | None
    working_days: int  # the longest limit counted in them; 0: none
    since: date | None


@dataclass(frozen=True)
class Compiled:
    """One file. `facts` None: it could not be read. `brief`, `keys` and its object are made when it has no faults and
    objects are wanted."""

    file: Path
    faults: list[Fault] = field(default_factory=list)
    facts: Facts | None = None
    brief: Brief | None = None
    keys: Keys | None = None
    created: bool = False  # the object was not there before

    @property
    def refused(self) -> bool:
        return any(not fault.note for fault in self.faults)


@dataclass(frozen=True)
class Work:
    """What a process needs to know. `objects`: where they go; None: only the check is wanted."""

    known: Known
    objects: Path | None = None


def check_text(file: Path, data: bytes, known: Known) -> tuple[Service | None, list[Fault]]:
    """A service as it would be saved in `file`, and every fault and note of it: what an editor sees while typing.
    None when it cannot be read."""
    service, faults = parse(file, data, Service)
    if service is None:
        return None, faults
    findings = [*_about_the_file(file, service), *lint_service(service, known)]
    return service, located(file, data, findings)


def compile_files(files: list[Path], work: Work) -> Iterator[Compiled]:
    """In the order of `files`."""
    processes = len(os.sched_getaffinity(0))
    cost = sum(file.stat().st_size * _SECONDS_PER_MIB.get(file.suffix, 1.0) for file in files) / 2**20
    if processes < 2 or cost < _WORTH_IT_S:
        yield from (_compile(file, work) for file in files)
        return
    chunks = [files[start : start + _CHUNK] for start in range(0, len(files), _CHUNK)]
    with ProcessPoolExecutor(processes, get_context("spawn"), _begin, (work,)) as pool:
        for compiled in pool.map(_compile_some, chunks):
            yield from compiled


_work: Work


def _begin(work: Work) -> None:
    global _work
    _work = work
    # Nothing here refers back to itself; looking for that would take a tenth of the time.
    gc.freeze()
    gc.set_threshold(100_000)


def _compile_some(files: list[Path]) -> list[Compiled]:
    return [_compile(file, _work) for file in files]


def _compile(file: Path, work: Work) -> Compiled:
    service, faults = check_text(file, file.read_bytes(), work.known)
    if service is None:
        return Compiled(file, faults)
    facts = _facts(service)
    if work.objects is None or any(not fault.note for fault in faults):
        return Compiled(file, faults, facts)
    # By way of JSON: twice as fast as by way of Python's objects.
    data = canonical(msgspec.json.decode(service.model_dump_json(exclude_defaults=True)))
    digest = hashlib.sha256(data).hexdigest()
    from content.pinyin import search_keys

    created = _write_object(work.objects.parent / object_name(digest), data)
    return Compiled(file, faults, facts, _brief(service, digest, len(data)), search_keys(service), created)


def write(path: Path, data: bytes) -> None:
    """Put a file in its place at once. What is there and the same is left alone."""
    if _holds(path, data):
        return
    scratch = path.with_name(path.name + ".new")
    scratch.write_bytes(data)
    scratch.replace(path)


def _write_object(path: Path, data: bytes) -> bool:
    """Whether it was not there. Nobody reads an object before a root names it, so it is written in place, which takes
    half the time; one that a power cut left incomplete is written again."""
    if _holds(path, data):
        return False
    existed = path.exists()
    path.write_bytes(data)
    return not existed


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except FileNotFoundError:
        return False


def _about_the_file(file: Path, service: Service) -> Iterator[Finding]:
    if file.stem != service.id:
        yield fault(
            "id",
            f"是“{service.id}”；请把文件改名为 {service.id}{file.suffix}，或改编号",
            f"is {service.id!r}; name the file {service.id}{file.suffix} or change the id",
        )
    folder = file.parent.name
    if folder in ("services", "packages") and (folder == "packages") != (service.package is not None):
        right = "packages" if service.package is not None else "services"
        yield fault("package", f"请把文件移到 {right} 文件夹", f"does not belong here; move the file to {right}/")


def _facts(service: Service) -> Facts:
    limits = [service.limits.promised] if service.limits else []
    days = [limit.days for limit in limits if limit.unit == "working"]
    days += [part.limit_days or 0 for part in (service.package.parts if service.package else [])]
    days += [1 for hours in service.availability.hours if hours.workdays_only]
    return Facts(
        service.id,
        service.codes,
        service.certificate.type_code if service.certificate else None,
        max(days, default=0),
        service.effective.since,
    )


def _brief(service: Service, digest: str, size: int) -> Brief:
    return Brief(
        id=service.id,
        version=service.version,
        door=service.door,
        journey=service.journey,
        title=service.title,
        summary=service.summary,
        icon=service.icon,
        auth=service.auth,
        devices=tuple(service.devices),
        availability=service.availability,
        effective=service.effective,
        row=service.row,
        order=order_of(service.row),
        size=size,
        sha256=digest,
    )
