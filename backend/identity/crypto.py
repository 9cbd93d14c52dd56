"""Secrets of this backend: one master key in a file, keys for each purpose derived from it.

`Vault` encrypts personal fields (AES-256-GCM), joins persons without naming them (HMAC-SHA256 of the number) and
authenticates links. `EncryptedText` is the column type; its key belongs to the database, so it is bound to the
engine with `bind_vault`.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import TypeDecorator

MASTER_KEY = "keys/master.key"  # under var_dir
_FORMAT = b"\x01"
_NONCE = 12  # bytes


class Vault:
    """Keys derived from a master key of 32 bytes. Never shows them."""

    def __init__(self, master: bytes) -> None:
        if len(master) != 32:
            raise ValueError("the master key has 32 bytes")
        self._master = master
        self._cipher = AESGCM(self._derive("field"))
        self._person = self._derive("person")

    def __repr__(self) -> str:
        return "Vault()"

    def _derive(self, purpose: str) -> bytes:
        return HKDF(SHA256(), 32, salt=None, info=b"menkou/" + purpose.encode()).derive(self._master)

    def encrypt(self, data: bytes, context: str) -> bytes:
        """Ciphertext that opens only with the same `context` (table.column, file name)."""
        nonce = secrets.token_bytes(_NONCE)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, data, context.encode())

    def decrypt(self, sealed: bytes, context: str) -> bytes:
        """Raises ValueError if the bytes were altered, moved elsewhere, or sealed with another key."""
        if sealed[:1] != _FORMAT:
            raise ValueError("unknown format of encrypted data")
        try:
            return self._cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], context.encode())
        except InvalidTag:
            raise ValueError("encrypted data does not open with this key") from None

    def person_hash(self, number: str) -> str:
        """Hex; the same for the same identity number, meaningless without the key. For joins and logs."""
        return hmac.new(self._person, number.encode(), hashlib.sha256).hexdigest()

    def mac(self, purpose: str, *parts: str) -> bytes:
        """32 bytes over the parts (unambiguously joined), under a key of their own for `purpose`."""
        message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
        return hmac.new(self._derive("mac/" + purpose), message, hashlib.sha256).digest()


def open_vault(var_dir: Path) -> Vault:
    """The vault of this backend; its key is made at the first start."""
    return Vault(read_or_make_secret(var_dir / MASTER_KEY, lambda: secrets.token_bytes(32)))


def read_or_make_secret(path: Path, make: Callable[[], bytes]) -> bytes:
    """The bytes of a 0600 file; `make()` them if there is none. Two processes starting at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        scratch = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # the other process was first
                os.link(scratch, path)
        finally:
            scratch.unlink()
    return path.read_bytes()


_VAULTS: WeakKeyDictionary[Dialect, Vault] = WeakKeyDictionary()


def bind_vault(engine: AsyncEngine | Engine, vault: Vault) -> None:
    """From now on `EncryptedText` columns reached through this engine use this vault."""
    _VAULTS[engine.dialect] = vault


class EncryptedText(TypeDecorator[str]):
    """Text that lies encrypted in the database. `context` ties the ciphertext to its column."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _VAULTS[dialect].encrypt(value.encode(), self.context)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else _VAULTS[dialect].decrypt(bytes(value), self.context).decode()
