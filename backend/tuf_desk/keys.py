"""The only keys the server holds: for snapshot and timestamp. Who steals them can hold kiosks back, never feed them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, SSlibKey

from backend.secret_files import write_secret
from content.signing.keys import PublicKey, load_signer, pem
from content.signing.roles import ONLINE, SNAPSHOT, TIMESTAMP


class OnlineKeys:
    """`FOLDER/{snapshot,timestamp}.key.pem`, readable by the server's user only; made when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def signer(self, role: str) -> CryptoSigner:
        """Blocking."""
        file = self._folder / f"{role}.key.pem"
        if not file.exists():
            with self._alone():
                if not file.exists():  # the server and the command line may both be the first
                    write_secret(file, pem(Ed25519PrivateKey.generate(), None))
        return load_signer(file, None)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def public(self) -> dict[str, PublicKey]:
        """By role, for the ceremony of the root. New keys have new names: the old ones stay known there."""
        found = {}
        for role in ONLINE:
            key = self.signer(role).public_key
            assert isinstance(key, SSlibKey)  # noqa: S101 - ours are
            found[role] = PublicKey(f"{role}-{key.keyid[:8]}", key)
        return found


__all__ = ["SNAPSHOT", "TIMESTAMP", "OnlineKeys"]
