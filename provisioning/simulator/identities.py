"""The simulated kiosks' keys and certificates, kept in a folder so that a second run need not enrol again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

FILE = "identities.sqlite3"

_TABLES = """
CREATE TABLE IF NOT EXISTS identity (
    kiosk_id TEXT PRIMARY KEY, key_pem TEXT NOT NULL, certificate_pem TEXT NOT NULL, epoch INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS desk (one INTEGER PRIMARY KEY CHECK (one = 1), ca_pem TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Identity:
    kiosk_id: str
    key_pem: str
    certificate_pem: str  # with its chain
    epoch: int

    @property
    def pem(self) -> str:
        return self.key_pem + self.certificate_pem


class Identities:
    """Several processes may write at once; each write is one short transaction."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / FILE
        path.touch(mode=0o600)
        self._database = sqlite3.connect(path, timeout=60, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(_TABLES)

    def put(self, identities: Iterable[Identity]) -> None:
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(
                "INSERT OR REPLACE INTO identity VALUES (?, ?, ?, ?)",
                [(one.kiosk_id, one.key_pem, one.certificate_pem, one.epoch) for one in identities],
            )

    def forget(self, kiosk_id: str) -> None:
        self._database.execute("DELETE FROM identity WHERE kiosk_id = ?", (kiosk_id,))

    def known(self) -> list[str]:
        """Names, in order."""
        return [row[0] for row in self._database.execute("SELECT kiosk_id FROM identity ORDER BY kiosk_id")]

    def get(self, kiosk_ids: Sequence[str]) -> dict[str, Identity]:
        found = {}
        for kiosk_id in kiosk_ids:
            row = self._database.execute("SELECT * FROM identity WHERE kiosk_id = ?", (kiosk_id,)).fetchone()
            if row is not None:
                found[kiosk_id] = Identity(*row)
        return found

    @property
    def ca_pem(self) -> str | None:
        """Whom to trust as the desk; None before the first enrolment."""
        row = self._database.execute("SELECT ca_pem FROM desk").fetchone()
        return row and str(row[0])

    @ca_pem.setter
    def ca_pem(self, pem: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO desk VALUES (1, ?)", (pem,))

    def close(self) -> None:
        self._database.close()


def new_key() -> tuple[str, str]:
    """A fresh P-256 key and a request for its certificate, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kiosk")])  # the desk ignores it
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256())
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key_pem.decode(), request.public_bytes(Encoding.PEM).decode()


def stranger(kiosk_id: str) -> str:
    """Key and certificate in this kiosk's name, signed by itself: what a forger can make."""
    from datetime import UTC, datetime, timedelta

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, kiosk_id)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key_pem.decode() + certificate.public_bytes(Encoding.PEM).decode()
