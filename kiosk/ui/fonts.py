"""Fonts: the SC face of Noto Sans CJK, taken out of the collection once, and the Lucide icon font.

Kivy opens face 0 of a `.ttc`, which is the Japanese one: 骨, 直 and 门 would have the wrong shapes.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from functools import cache
from pathlib import Path

_SOURCES = Path("/usr/share/fonts/opentype/noto")
_FAMILY = "Noto Sans CJK SC"
_ASSETS = Path(__file__).parent / "assets"
ICON_FONT = _ASSETS / "lucide.ttf"


class FontsMissing(RuntimeError):
    """Noto Sans CJK is not installed (Debian package fonts-noto-cjk)."""


def default_dir() -> Path:
    """`build/fonts` of a checkout, else the user's cache directory."""
    root = Path(__file__).resolve().parents[2]
    if (root / "pyproject.toml").exists():
        return root / "build" / "fonts"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "menkou" / "fonts"


def _extract(weight: str, target: Path) -> None:
    from fontTools.ttLib import TTCollection

    source = _SOURCES / f"NotoSansCJK-{weight}.ttc"
    if not source.exists():
        raise FontsMissing(f"{source} not found; install fonts-noto-cjk")
    collection = TTCollection(str(source), lazy=True)
    for face in collection.fonts:
        if face["name"].getDebugName(1) == _FAMILY:
            partial = target.with_suffix(f".{os.getpid()}.tmp")
            face.save(str(partial))
            partial.replace(target)
            return
    raise FontsMissing(f"{source} has no face {_FAMILY}")


def ensure_fonts(cache_dir: Path | None = None) -> tuple[Path, Path]:
    """Paths of the regular and bold SC faces; extracts them at the first call (some seconds).

    Raises FontsMissing."""
    directory = cache_dir or default_dir()
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for weight in ("Regular", "Bold"):
        target = directory / f"NotoSansCJKsc-{weight}.otf"
        if not target.exists():
            _extract(weight, target)
        paths.append(target)
    return paths[0], paths[1]


def fingerprint() -> str:
    """SHA-256 of the installed collections: pictures can be compared only where it is the same. Raises FontsMissing."""
    digest = hashlib.sha256()
    for weight in ("Regular", "Bold"):
        source = _SOURCES / f"NotoSansCJK-{weight}.ttc"
        if not source.exists():
            raise FontsMissing(f"{source} not found; install fonts-noto-cjk")
        digest.update(source.read_bytes())
    return digest.hexdigest()


@cache
def _codepoints() -> dict[str, int]:
    table: dict[str, int] = json.loads((_ASSETS / "lucide-codepoints.json").read_text("utf-8"))
    return table


def icon(name: str) -> str:
    """The character of a Lucide icon; an unknown name (content may be newer than the font) is a plain circle."""
    table = _codepoints()
    return chr(table.get(name, table["circle-dot"]))


def register(cache_dir: Path | None = None) -> None:
    """Make the SC face Kivy's default font in all four slots."""
    from kivy.core.text import DEFAULT_FONT, LabelBase

    regular, bold = (str(p) for p in ensure_fonts(cache_dir))
    LabelBase.register(DEFAULT_FONT, regular, regular, bold, bold)


if __name__ == "__main__":
    for path in ensure_fonts(Path(sys.argv[1]) if len(sys.argv) > 1 else None):
        sys.stdout.write(f"{path}\n")
