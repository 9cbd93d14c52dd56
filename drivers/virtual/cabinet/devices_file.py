"""devices.toml: what the kiosk has to know to find the cabinet's devices."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

Value = str | int | float | bool | Sequence["Value"] | Mapping[str, "Value"]
Table = dict[str, Value]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(tables: Mapping[str, Mapping[str, Value]]) -> str:
    """A table for each device; tables in it follow as `[device.part]`, tables in lists stand inline."""
    lines = ["# Written by the virtual cabinet each time it starts."]
    for name, table in tables.items():
        lines += _table(_key(name), table)
    return "\n".join(lines) + "\n"


def _table(path: str, table: Mapping[str, Value]) -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    lines = [f"\n[{path}]", *(f"{_key(key)} = {_value(value)}" for key, value in plain.items())]
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += _table(f"{path}.{_key(key)}", value)
    return lines


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _string(key)


def _string(text: str) -> str:
    """A JSON string is a valid TOML basic string, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _string(value)
        case Mapping():
            return "{" + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + "}"
        case Sequence():
            return "[" + ", ".join(_value(each) for each in value) + "]"
    raise TypeError(f"no TOML for {type(value).__name__}")


def write(path: Path, tables: Mapping[str, Mapping[str, Value]]) -> None:
    """Replace the file in one step, so that a kiosk never reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(to_toml(tables), "utf-8")
    fresh.replace(path)
