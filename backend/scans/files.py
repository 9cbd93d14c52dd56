"""The pictures on disk: encrypted, one file each, readable by their owner only."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from backend.identity.crypto import Vault

FILES = "scans"  # under var_dir; 0700
_SUFFIX = ".enc"
_UNDER_WAY_S = 3600.0  # a file so young may belong to a row that is not committed yet


class ScanFiles:
    def __init__(self, var_dir: Path, vault: Vault) -> None:
        self._directory = var_dir / FILES
        self._vault = vault

    def write(self, scan_id: str, picture: bytes) -> None:
        """On disk when this returns, and never half-written."""
        path = self._path(scan_id)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        scratch = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(self._vault.encrypt(picture, _context(scan_id)))
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(path)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise

    def read(self, scan_id: str) -> bytes:
        """The picture. Raises OSError, and ValueError for a file that was altered."""
        return self._vault.decrypt(self._path(scan_id).read_bytes(), _context(scan_id))

    def remove(self, scan_id: str) -> None:
        self._path(scan_id).unlink(missing_ok=True)

    def room(self) -> int:
        """Bytes that are free on the disk."""
        there = self._directory if self._directory.is_dir() else self._directory.parent
        return shutil.disk_usage(there).free

    def settled(self) -> Iterator[tuple[Path, str]]:
        """Files that are older than any write under way, with the id they would belong to ("": a torn write)."""
        if not self._directory.is_dir():
            return
        before = time.time() - _UNDER_WAY_S
        for path in self._directory.iterdir():
            try:
                age = path.stat().st_mtime
            except FileNotFoundError:  # somebody else is sweeping
                continue
            if age < before:
                yield path, path.name.removesuffix(_SUFFIX) if path.name.endswith(_SUFFIX) else ""

    def _path(self, scan_id: str) -> Path:
        return self._directory / f"{scan_id}{_SUFFIX}"


def _context(scan_id: str) -> str:
    return f"scan-file/{scan_id}"
