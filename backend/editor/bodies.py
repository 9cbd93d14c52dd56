"""Bodies of items: as data, as canonical JSON that is stored and hashed, and as YAML that people write."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import yaml

from content.read import read
from content.schema.service import Service

Body = dict[str, Any]

_LINE = 90  # characters of a mapping's values that still go on one line
_ORDER = {name: place for place, name in enumerate(Service.model_fields)}


def of_service(service: Service) -> Body:
    body: Body = service.model_dump(mode="json", exclude_defaults=True)
    return body


def stored(body: Body) -> str:
    """In the order it was written in."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def loaded(text: str) -> Body:
    body: Body = json.loads(text)
    return body


def digest(body: Body) -> str:
    """Of what residents get: neither the version number counts nor the order of elements."""
    told = {key: value for key, value in body.items() if key != "version"}
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def in_order(body: Body) -> Body:
    """As the schema lists its elements; what it does not know stands last."""
    return dict(sorted(body.items(), key=lambda item: _ORDER.get(item[0], len(_ORDER))))


def to_yaml(body: Body) -> str:
    return yaml.dump(in_order(body), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)


def from_yaml(text: str) -> Body:
    """Raises content.read.Unreadable; also for what is no mapping (as an empty body)."""
    data = read(text.encode(), is_json=False)
    return data if isinstance(data, dict) else {}


class _Dumper(yaml.SafeDumper):
    """Short texts and other small mappings on one line, as people write them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _mapping(dumper: _Dumper, data: Body) -> yaml.Node:
    flat = all(isinstance(value, str | int | float | bool | None) for value in data.values())
    short = len(data) <= 3 and sum(len(str(value)) for value in data.values()) <= _LINE
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=flat and short)


def _sequence(dumper: _Dumper, data: list[Any]) -> yaml.Node:
    flat = all(isinstance(value, str | int | float | bool | None) for value in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flat)


_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _sequence)
