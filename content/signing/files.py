"""Files of a ceremony: whole or not there, secrets readable by their owner only."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, data: bytes, *, secret: bool = False) -> None:
    """Replace the file; on the disk when the call returns (it may be a stick that is pulled out next)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(path.name + ".new")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
