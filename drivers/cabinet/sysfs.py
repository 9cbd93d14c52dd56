"""Small files of /sys. Its root is a setting, so that tests and the virtual cabinet have their own."""

from __future__ import annotations

from pathlib import Path


def read_text(path: Path) -> str | None:
    """Stripped; None where there is no such file, or the device behind it answers with an error."""
    try:
        return path.read_text("ascii", errors="replace").strip()
    except OSError:
        return None


def read_int(path: Path) -> int | None:
    text = read_text(path)
    try:
        return None if text is None else int(text, 0)
    except ValueError:
        return None


def hwmon_named(sysfs: Path, name: str) -> Path | None:
    """The hwmon folder of a chip by its `name` file: the numbers of the folders change from start to start."""
    for folder in sorted((sysfs / "class" / "hwmon").glob("hwmon*")):
        if read_text(folder / "name") == name:
            return folder
    return None
