"""The catalogue as files: services, packages, and what they refer to.

catalogue/services/*.yaml|json   one service each        catalogue/departments.yaml
catalogue/packages/*.yaml|json   one package each        catalogue/operations/SYSTEM.yaml
templates/*.typ  media/*         beside the catalogue     catalogue/regions.yaml, catalogue/calendars/YEAR.yaml
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from content.codes.division import PROVINCES
from content.lint.fault import Fault, Finding
from content.lint.known import Known
from content.read import Unreadable, lines_of, place_of, read
from content.schema.reference import Calendar, Department, Departments, Operation, Operations, Region, Regions
from content.schema.text import Text

M = TypeVar("M", bound=BaseModel)
SUFFIXES = (".yaml", ".json")
_PLAIN = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,127}")
_IMPORT = re.compile(r'^\s*#(?:import|include)\s+"([^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Sources:
    """What is in a catalogue's folder besides its services, and the faults of that."""

    catalogue: Path
    departments: list[Department] = field(default_factory=list)
    systems: list[Operations] = field(default_factory=list)
    calendars: list[Calendar] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    templates: frozenset[str] = frozenset()
    faults: list[Fault] = field(default_factory=list)

    @property
    def operations(self) -> dict[str, Operation]:
        return {operation.name: operation for system in self.systems for operation in system.operations}

    def known(self, *, icons: set[str] | None, today: date | None) -> Known:
        media = media_dir(self.catalogue)
        return Known(
            templates=self.templates,
            media=frozenset(file.relative_to(media).as_posix() for file in files_in(media)),
            icons=None if icons is None else frozenset(icons),
            operations=self.operations,
            departments={department.id: department for department in self.departments},
            province_codes=frozenset(PROVINCES) | {region.code[:2] for region in self.regions},
            today=today,
        )


def templates_dir(catalogue: Path) -> Path:
    return catalogue.parent / "templates"


def media_dir(catalogue: Path) -> Path:
    return catalogue.parent / "media"


def files_in(directory: Path) -> Iterator[Path]:
    """What a pack takes along: no links, which may lead anywhere (`_odd_names` tells of them)."""
    return (path for path in sorted(directory.rglob("*")) if _is_plain_file(path))


def _is_plain_file(path: Path) -> bool:
    return not path.name.startswith(".") and not path.is_symlink() and path.is_file()


def service_files(catalogue: Path) -> list[Path]:
    """The files of services and packages in a fixed order."""
    folders = (catalogue / "services", catalogue / "packages")
    return [
        file
        for folder in folders
        for file in sorted(folder.iterdir() if folder.is_dir() else ())
        if file.suffix in SUFFIXES and _is_plain_file(file)
    ]


def read_sources(catalogue: Path) -> Sources:
    """Reads and checks everything but the services. Faults are collected, never raised."""
    from content.lint import reference

    faults: list[Fault] = []
    departments = _load(catalogue / "departments.yaml", Departments, faults)
    regions = _load(catalogue / "regions.yaml", Regions, faults)
    systems = _folder(catalogue / "operations", Operations, faults)
    calendars = _folder(catalogue / "calendars", Calendar, faults)
    templates, unreadable = _templates(templates_dir(catalogue))
    sources = Sources(
        catalogue,
        departments.departments if departments else [],
        [system for _, system in systems],
        [calendar for _, calendar in calendars],
        regions.regions if regions else [],
        templates,
        [*faults, *unreadable, *_odd_names(catalogue)],
    )
    if departments is not None:
        file = catalogue / "departments.yaml"
        sources.faults.extend(located(file, file.read_bytes(), reference.departments(departments.departments)))
    if regions is not None:
        file = catalogue / "regions.yaml"
        sources.faults.extend(located(file, file.read_bytes(), reference.regions(regions.regions)))
    known = {department.id for department in sources.departments}
    for file, system in systems:
        sources.faults.extend(located(file, file.read_bytes(), reference.system(system, file.stem, known)))
    for file, calendar in calendars:
        sources.faults.extend(located(file, file.read_bytes(), reference.calendar(calendar, file.stem)))
    return sources


def located(file: Path, data: bytes, findings: Iterable[Finding]) -> list[Fault]:
    """Findings with the lines they concern. Notes on what a program wrote go without: nobody edits it by lines."""
    told = list(findings)
    wanted = {found.place for found in told if not found.note or file.suffix == ".yaml"}
    lines = lines_of(data, wanted) if wanted else {}
    return [Fault(file, found.place, found.message, found.note, lines.get(found.place)) for found in told]


def parse(file: Path, data: bytes, model: type[M]) -> tuple[M | None, list[Fault]]:
    """What a file says as `model`, or its faults."""
    try:
        raw = read(data, is_json=file.suffix == ".json")
    except Unreadable as error:
        return None, [Fault(file, "", error.message, line=error.line)]
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        findings = [
            Finding(place_of(wrong["loc"], raw), _advice(wrong["type"], wrong["msg"]))
            for wrong in error.errors(include_url=False, include_input=False)
        ]
        return None, located(file, data, findings)
    except RecursionError:
        return None, [Fault(file, "", Text("嵌套过深；请改正", "is nested too deep; correct it"))]


def _load(file: Path, model: type[M], faults: list[Fault]) -> M | None:
    """None for a missing file, a link, or one with faults."""
    if not _is_plain_file(file):
        return None
    found, wrong = parse(file, file.read_bytes(), model)
    faults += wrong
    return found


def _folder(folder: Path, model: type[M], faults: list[Fault]) -> list[tuple[Path, M]]:
    files = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    loaded = [(file, _load(file, model, faults)) for file in files]
    return [(file, found) for file, found in loaded if found is not None]


def _templates(directory: Path) -> tuple[frozenset[str], list[Fault]]:
    """The names a service may ask for: what another template imports is a part, not a certificate."""
    parts: set[str] = set()
    names: set[str] = set()
    faults: list[Fault] = []
    for file in sorted(filter(_is_plain_file, directory.glob("*.typ"))) if directory.is_dir() else []:
        names.add(file.name)
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            faults.append(Fault(file, "", Text("读不了；请另存为 UTF-8", "cannot be read; save it as UTF-8 text")))
            continue
        if not text.strip():
            faults.append(Fault(file, "", Text("是空的", "is empty; write the template or remove the file")))
        for found in _IMPORT.finditer(text):
            parts.add(found.group(1))
            if not found.group(1).startswith("@") and not (directory / found.group(1)).is_file():
                line = text.count("\n", 0, found.start(1)) + 1
                message = Text(f"没有“{found.group(1)}”", f"imports {found.group(1)!r}, which is not there")
                faults.append(Fault(file, "", message, line=line))
    return frozenset(Path(name).stem for name in names - parts), [*faults, *_samples(directory, names)]


def _samples(directory: Path, names: Iterable[str]) -> Iterator[Fault]:
    """A kiosk tries each template before it serves: with `samples/NAME.json`, a list of sets of inputs."""
    texts = {name: (directory / name).read_bytes() for name in names}
    imports = {
        name: [found.group(1) for found in _IMPORT.finditer(text.decode("utf-8", "replace"))]
        for name, text in texts.items()
    }
    asking = {name for name, text in texts.items() if b"sys.inputs" in text}
    while more := {name for name in texts if name not in asking and asking.intersection(imports[name])}:
        asking |= more
    for name in sorted(texts):
        file = directory / "samples" / f"{Path(name).stem}.json"
        try:
            content = json.loads(file.read_bytes())
        except FileNotFoundError:
            if name in asking:
                yield Fault(file, "", Text("缺；终端要用样例数据试排模板", f"is missing: kiosks try {name} with it"))
            continue
        except (OSError, ValueError):
            content = None
        if not (isinstance(content, list) and content and all(isinstance(one, dict) for one in content)):
            wanted = Text('须是样例的列表，如 [{"data": {…}}]', 'is not a list of samples, such as [{"data": {…}}]')
            yield Fault(file, "", wanted)


def _odd_names(catalogue: Path) -> Iterator[Fault]:
    """Files of a pack travel under their own names: plain ones only. Links are refused, they may lead anywhere."""
    for directory in (catalogue, templates_dir(catalogue), media_dir(catalogue)):
        for path in sorted(directory.rglob("*")):
            if path.is_symlink():
                yield Fault(path, "", Text("是链接；请放入文件本身", "is a link; put the file itself there"))
    for directory in (templates_dir(catalogue), media_dir(catalogue)):
        for file in files_in(directory):
            if not all(_PLAIN.fullmatch(part) for part in file.relative_to(directory).parts):
                yield Fault(
                    file, "", Text("文件名只能用英文字母、数字、. _ -", "rename it: letters, digits, . _ - only")
                )


def _advice(kind: str, message: str) -> Text:
    if kind == "missing":
        return Text("缺；请补上", "is missing; add it")
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return Text("没有这个字段；请核对拼写", "is not a known field; check its spelling")
    return Text(f"不符合要求：{message}", message[:1].lower() + message[1:])
