"""Compile the catalogue into a pack: checked, content-addressed, ready to be verified by a terminal."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from content.lint import Fault, lint_service
from content.load import FORMAT, INDEX, Pack, index_version, load_pack
from content.schema.service import Service

CATALOGUE = Path(__file__).parent / "catalogue"

_IMPORT = re.compile(r'^\s*#(?:import|include)\s+"([^"]+)"', re.MULTILINE)
_HANZI = re.compile(r"[\u3400-\u9fff]+")


class ContentError(Exception):
    """The catalogue cannot be published; `faults` says what to mend where."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


def lint(catalogue_dir: Path = CATALOGUE, *, icons: set[str] | None = None) -> list[Service]:
    """The services of a catalogue in the order of their files. Raises ContentError with every fault found."""
    faults: list[Fault] = []
    services: dict[str, Service] = {}
    templates = certificate_templates(templates_dir(catalogue_dir))
    files = sorted((catalogue_dir / "services").glob("*.yaml"))
    if not files:
        faults.append(Fault(catalogue_dir / "services", "", "no services here; add one YAML file per service"))
    for file in files:
        service, found = _read_service(file)
        if service is not None:
            found += lint_service(service, file, templates=templates, icons=icons)
            if service.id in services:
                found.append(Fault(file, "id", f"{service.id!r} is taken by another file; choose another"))
            services[service.id] = service
        faults += found
    if faults:
        raise ContentError(faults)
    return list(services.values())


def build(catalogue_dir: Path, out_dir: Path, *, icons: set[str] | None = None) -> Pack:
    """Lint and compile `catalogue_dir` into `out_dir`; the index is replaced last, old objects are then removed.

    Templates are taken from `templates/` beside the catalogue. Raises ContentError.
    """
    services = lint(catalogue_dir, icons=icons)
    index: dict[str, Any] = {"format": FORMAT, "services": [], "files": []}
    kept: set[Path] = set()

    def put(name: str, data: bytes) -> str:
        path = out_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != data:
            _replace(path, data)
        kept.add(path)
        return hashlib.sha256(data).hexdigest()

    for service in services:
        data = _canonical({"search": search_keys(service), "service": service.model_dump(mode="json")})
        digest = hashlib.sha256(data).hexdigest()
        put(f"objects/{digest}.json", data)
        index["services"].append({"id": service.id, "version": service.version, "sha256": digest})
    for file in _files(templates_dir(catalogue_dir)):
        name = "templates/" + file.relative_to(templates_dir(catalogue_dir)).as_posix()
        data = file.read_bytes()
        index["files"].append({"path": name, "size": len(data), "sha256": put(name, data)})
    index["version"] = index_version(index)
    put(INDEX, json.dumps(index, ensure_ascii=False, indent=1).encode() + b"\n")
    for folder in ("objects", "templates"):
        for stale in set(_files(out_dir / folder)) - kept:
            stale.unlink()
    return load_pack(out_dir)


def search_keys(service: Service) -> dict[str, list[str]]:
    """What a resident may type: 社保, shebao, sb, insurance."""
    from pypinyin import Style, lazy_pinyin

    hanzi = list(dict.fromkeys([service.title.zh, *service.keywords]))
    words = ["".join(_HANZI.findall(text)) for text in hanzi]
    return {
        "hanzi": [text.lower() for text in hanzi],
        "pinyin": ["".join(lazy_pinyin(word)) for word in words if word],
        "initials": ["".join(lazy_pinyin(word, style=Style.FIRST_LETTER)) for word in words if word],
        "english": [*dict.fromkeys(re.findall(r"[a-z]{2,}", service.title.en.lower()))],
    }


def templates_dir(catalogue_dir: Path) -> Path:
    return catalogue_dir.parent / "templates"


def certificate_templates(directory: Path) -> set[str]:
    """The names a service may ask for: what another template imports is a part, not a certificate."""
    files = list(directory.glob("*.typ"))
    parts = {name for file in files for name in _IMPORT.findall(file.read_text("utf-8"))}
    return {file.stem for file in files if file.name not in parts}


def _read_service(file: Path) -> tuple[Service | None, list[Fault]]:
    try:
        data = yaml.load(file.read_text("utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "is not UTF-8 text"
        return None, [Fault(file, line, f"{problem}; correct the YAML (texts with colons need quotes)")]
    try:
        return Service.model_validate(data), []
    except ValidationError as error:
        return None, [
            Fault(file, ".".join(str(part) for part in fault["loc"]), _advice(fault["type"], fault["msg"]))
            for fault in error.errors(include_url=False)
        ]


def _advice(kind: str, message: str) -> str:
    if kind == "missing":
        return "is missing; add it"
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return "is not a known field; check its spelling"
    return message[:1].lower() + message[1:]


def _files(directory: Path) -> Iterator[Path]:
    return (path for path in sorted(directory.rglob("*")) if path.is_file() and not path.name.startswith("."))


def _canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _replace(path: Path, data: bytes) -> None:
    scratch = path.with_name(path.name + ".new")
    scratch.write_bytes(data)
    scratch.replace(path)


class _StrictLoader(yaml.SafeLoader):
    """YAML in which a key that is written twice is a fault, not a silent loss."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} is written twice", node.start_mark)
        return super().construct_mapping(node, deep)
