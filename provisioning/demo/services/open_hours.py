"""The catalogue of the demonstration: as it is delivered, without hours of service.

The demonstration is shown in the evening and on Sundays, when a real terminal rightly says that the hall is closed.
Only the walks use this pack; `menkou run` keeps every hour as it stands in the catalogue.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from content.build import CATALOGUE, build

_AVAILABILITY = re.compile(r"^availability:.*\n(?:[ \t]+.*\n)*", re.MULTILINE)


def pack_without_hours(folder: Path) -> Path:
    """Builds it below `folder`; returns the pack's directory. Blocking, a few seconds."""
    source = folder / "source"
    shutil.copytree(CATALOGUE.parent, source, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for file in (source / CATALOGUE.name).glob("*/*.yaml"):
        file.write_text(_AVAILABILITY.sub("", file.read_text("utf-8")), "utf-8")
    build(source / CATALOGUE.name, folder / "pack")
    return folder / "pack"
