"""devices.toml: what the kiosk has to know to find the cabinet's devices."""

from __future__ import annotations

import json
from pathlib import Path

Table = dict[str, str | int]


def to_toml(tables: dict[str, Table]) -> str:
    """Strings and whole numbers only; a JSON string is a valid TOML basic string."""
    lines = ["# Written by the virtual cabinet each time it starts."]
    for name, table in tables.items():
        lines.append(f"\n[{name}]")
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def write(path: Path, tables: dict[str, Table]) -> None:
    """Replace the file in one step, so that a kiosk never reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(to_toml(tables), "utf-8")
    fresh.replace(path)
