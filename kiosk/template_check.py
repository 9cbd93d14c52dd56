"""Every template of a new pack, compiled with the samples it brings, and with what its services' records look like."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import structlog

from content.load import Pack
from content.schema.outputs import Record, Shown
from content.schema.service import Service
from kiosk.workers.template_try import TemplateTry

log = structlog.get_logger()

Inputs = dict[str, str]  # what a template is given, as JSON

_MOST_RECORDS = 20  # of different shape; a try takes a tenth of a second
_LONG = "示范内容示范内容示范内容"


class NotChecked(Exception):
    """There is no compiler here."""


async def template_fault(pack: Pack, fresh: Iterable[str]) -> str | None:
    """The name of a template that does not compile; None if all do. `fresh`: ids of services whose records are tried
    too. Raises NotChecked."""
    async with TemplateTry(str(pack.root / "templates")) as compiler:
        for name, file, inputs in tries(pack, fresh):
            match await compiler.compiles(str(file), inputs):
                case None:
                    raise NotChecked
                case False:
                    return name
    return None


def tries(pack: Pack, fresh: Iterable[str]) -> Iterator[tuple[str, Path, Inputs]]:
    """Name, file and inputs. A template without samples is one that asks for nothing."""
    for name, file in pack.templates.items():
        for sample in samples(pack, name) or [{}]:
            yield name, file, _inputs(sample)
    shapes: set[object] = set()
    for service_id in fresh:
        service = pack.services[service_id]
        if service.record is None or service.certificate is None:
            continue
        template, record = service.certificate.template, record_content(service.record)
        shape = (template, len(record["entries"]), len((record["table"] or {}).get("columns", [])))
        if shape in shapes or template not in pack.templates or not (brought := samples(pack, template)):
            continue
        shapes.add(shape)
        yield template, pack.templates[template], _inputs(brought[0] | {"data": _data(brought[0], service, record)})
        if len(shapes) == _MOST_RECORDS:
            return


def samples(pack: Pack, name: str) -> list[dict[str, Any]]:
    """`templates/samples/NAME.json`: a list of sets of inputs by name, such as `[{"data": {…}}]`. Verified with the
    pack's other files when it was loaded. Empty: it brings none."""
    file = pack.root / "templates" / "samples" / f"{name}.json"
    if not file.is_file():
        return []
    found: list[dict[str, Any]] = json.loads(file.read_bytes())
    return found


def record_content(record: Record) -> dict[str, Any]:
    """As the desk makes it of a department's answer; here every value is the same few characters."""
    table = record.table
    return {
        "entries": [_labels(shown) | {"value_zh": _LONG, "value_en": _LONG} for shown in record.entries],
        "table": {
            "columns": [_labels(column) for column in table.columns],
            "rows": [[{"zh": _LONG, "en": _LONG}] * len(table.columns)] * 12,
            "empty_zh": table.empty.zh,
            "empty_en": table.empty.en,
        }
        if table is not None
        else None,
        "note_zh": record.note.zh if record.note else "",
        "note_en": record.note.en if record.note else "",
    }


def _labels(shown: Shown) -> dict[str, Any]:
    return {"label_zh": shown.label.zh, "label_en": shown.label.en, "private": shown.private}


def _data(sample: dict[str, Any], service: Service, record: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = sample["data"]
    title = service.certificate.title if service.certificate is not None else service.title
    return {**data, "title_zh": title.zh, "title_en": title.en, "content": record}


def _inputs(sample: dict[str, Any]) -> Inputs:
    return {name: json.dumps(value, ensure_ascii=False) for name, value in sample.items()}


__all__ = ["NotChecked", "record_content", "samples", "template_fault", "tries"]
