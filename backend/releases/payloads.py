"""The bytes of releases, under their SHA-256."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path


class PayloadStore:
    """Files `DIRECTORY/<sha256>`; written beside, synced and renamed, so that a name never stands for half a file."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def path(self, sha256: str) -> Path:
        return self._directory / sha256

    def put(self, data: bytes) -> str:
        """Store; the SHA-256 in hex. Blocking."""
        digest = hashlib.sha256(data).hexdigest()
        target = self.path(digest)
        if target.exists():
            return digest
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self._directory / f".{secrets.token_hex(8)}"
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(target)
        return digest
