"""Small real packs: the catalogue's own files, only fewer, with a title that says which edition it is."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

from content.build import CATALOGUE, build

SERVICES = ("water-bill", "social-insurance-enrolment-proof")


@cache
def small_pack(edition: str = "first", changed: str = "water-bill") -> Path:
    """A pack of two services in which the one named is of this edition. Built once a process; do not write into it."""
    folder = Path(tempfile.mkdtemp(prefix="menkou-pack-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    source = folder / "content"

    def others(directory: str, names: list[str]) -> list[str]:
        if Path(directory).name not in ("services", "packages"):
            return []
        return [name for name in names if Path(name).stem not in SERVICES]

    shutil.copytree(CATALOGUE, source / "catalogue", ignore=others)
    shutil.copytree(CATALOGUE.parent / "templates", source / "templates")
    if edition != "first":
        file = source / "catalogue" / "services" / f"{changed}.yaml"
        text, count = re.subn(r"(?m)^(title: \{ ?zh: \"?[^\",]+)", rf"\g<1>{edition}", file.read_text("utf-8"), count=1)
        assert count == 1, "the title is written otherwise now"
        file.write_text(text, "utf-8")
    build(source / "catalogue", folder / "pack")
    return folder / "pack"
