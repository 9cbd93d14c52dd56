"""Fill the placeholders `@NAME@` of the shipped files in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

FILES = Path(__file__).parent / "files"
_PLACEHOLDER = re.compile(r"@([A-Z][A-Z_]*)@")


class Unfilled(ValueError):
    """A placeholder has no value, or a value has no placeholder."""


def placeholders(name: str) -> set[str]:
    """Of the file `name` below provisioning/deploy/files."""
    return set(_PLACEHOLDER.findall((FILES / name).read_text("utf-8")))


def render(name: str, values: Mapping[str, str]) -> str:
    """The file with its values. Raises Unfilled."""
    missing = placeholders(name) - set(values)
    if missing:
        raise Unfilled(f"{name}: no value for {', '.join(sorted(missing))}")
    for key, value in values.items():
        if any(sign in value for sign in "\n\r\0"):
            raise Unfilled(f"{name}: the value of {key} has more than one line")
    return _PLACEHOLDER.sub(lambda found: values[found[1]], (FILES / name).read_text("utf-8"))
