"""The kiosk's identity on its disk: key, certificate, whom to trust, and who it is.

    identity/0003/{key.pem, certificate.pem, ca.pem, kiosk.json}    the one in use: the highest number that is whole
    identity/next/{key.pem, attempt}                                one being asked for
    identity/forgetting                                             everything here is to go

The one change that counts is a rename of `next` to the next number: the power may fail at any point and leaves either
the old identity or the new one.
"""

from __future__ import annotations

import hashlib
import shutil
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography import x509

from backend.contract.fleet_api import Enrolled
from kiosk.link.files import sync_folder, write_whole
from kiosk.link.key_store import KeyMissing, KeyStore

_CERTIFICATE = "certificate.pem"
_CA = "ca.pem"
_KIOSK = "kiosk.json"
_ATTEMPT = "attempt"
_FORGETTING = "forgetting"


class BadIdentity(Exception):
    """What the desk sent is not an identity for this key. Says why, without any of it."""


@dataclass(frozen=True)
class Identity:
    """Who this kiosk is. `desk_url`: where it was enrolled."""

    folder: Path
    kiosk_id: str
    site_id: str
    site_zh: str
    site_en: str
    region_code: str
    desk_url: str
    not_after: datetime
    renew_after: datetime
    heartbeat_s: int
    epoch: int

    @property
    def certificate_file(self) -> Path:
        return self.folder / _CERTIFICATE

    @property
    def ca_file(self) -> Path:
        return self.folder / _CA


class _Facts(msgspec.Struct, kw_only=True):
    kiosk_id: str
    site_id: str
    site_zh: str
    site_en: str
    region_code: str
    desk_url: str
    not_after: datetime
    renew_after: datetime
    heartbeat_s: int
    epoch: int


class IdentityFiles:
    """Blocking, but for a few milliseconds: small files. One process at a time writes."""

    def __init__(self, folder: Path, keys: KeyStore) -> None:
        self.folder = folder
        self.keys = keys
        if (folder / _FORGETTING).exists():
            self.forget()

    def current(self) -> Identity | None:
        """The identity in use; None if there is none that is whole."""
        for number in sorted(self._numbers(), reverse=True):
            if (identity := self._read(self._numbered(number))) is not None:
                return identity
        return None

    def newest(self) -> Path | None:
        """The folder that `current` would look at first; cheap."""
        numbers = self._numbers()
        return self._numbered(max(numbers)) if numbers else None

    def made_for(self, purpose: str) -> Identity | None:
        """The identity in use, if it came of an attempt with this purpose."""
        identity = self.current()
        try:
            same = identity is not None and (identity.folder / _ATTEMPT).read_bytes() == _digest(purpose)
        except OSError:
            same = False
        return identity if same else None

    def attempt(self, purpose: str) -> Path:
        """The folder of a key to be certified. The same `purpose` (the code, or which certificate is renewed) finds
        the same key again, so that a lost answer can be asked for once more."""
        folder = self.folder / "next"
        digest = _digest(purpose)
        try:
            same = (folder / _ATTEMPT).read_bytes() == digest
        except OSError:
            same = False
        if not same:
            if folder.exists():
                self.keys.forget(folder)
                shutil.rmtree(folder)
            folder.mkdir(parents=True, mode=0o700)
            write_whole(folder / _ATTEMPT, digest)
        self.keys.make(folder)
        return folder

    def accept(self, attempt: Path, enrolled: Enrolled, desk_url: str) -> Identity:
        """Make what the desk sent the identity in use. Raises BadIdentity and keeps the old one."""
        self._check(attempt, enrolled)
        facts = _Facts(
            desk_url=desk_url,
            **{
                name: getattr(enrolled, name)
                for name in ("kiosk_id", "site_id", "site_zh", "site_en", "region_code", "not_after", "renew_after")
            },
            heartbeat_s=enrolled.heartbeat_s,
            epoch=enrolled.epoch,
        )
        write_whole(attempt / _CERTIFICATE, enrolled.certificate_pem.encode())
        write_whole(attempt / _CA, enrolled.ca_pem.encode())
        write_whole(attempt / _KIOSK, msgspec.json.encode(facts))
        older = self._numbers()
        taken = self._numbered(max(older, default=0) + 1)
        attempt.rename(taken)
        sync_folder(self.folder)
        for number in older:
            self._remove(self._numbered(number))
        identity = self._read(taken)
        if identity is None:
            raise BadIdentity("not readable after writing")
        return identity

    def forget(self) -> None:
        """Destroy every key and certificate. Once begun it is finished, at the next start if need be."""
        if not self.folder.exists():
            return
        write_whole(self.folder / _FORGETTING, b"")
        for entry in [path for path in self.folder.iterdir() if path.is_dir()]:
            self._remove(entry)
        (self.folder / _FORGETTING).unlink()
        sync_folder(self.folder)

    def context(self, identity: Identity) -> ssl.SSLContext:
        """For connections to the desk: trusts its authority only, and proves who we are. Raises KeyMissing."""
        context = ssl.create_default_context(cafile=identity.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.keys.load(identity.folder, identity.certificate_file, context)
        return context

    def _check(self, attempt: Path, enrolled: Enrolled) -> None:
        try:
            certificates = x509.load_pem_x509_certificates(enrolled.certificate_pem.encode())
            authorities = x509.load_pem_x509_certificates(enrolled.ca_pem.encode())
        except ValueError:
            raise BadIdentity("certificates that cannot be read") from None
        if not self.keys.fits(attempt, certificates[0]):
            raise BadIdentity("a certificate for another key")
        if enrolled.not_after.tzinfo is None or enrolled.renew_after.tzinfo is None:
            raise BadIdentity("times without a zone")
        if not authorities:
            raise BadIdentity("nobody to trust")

    def _read(self, folder: Path) -> Identity | None:
        try:
            facts = msgspec.json.decode((folder / _KIOSK).read_bytes(), type=_Facts)
            certificate = x509.load_pem_x509_certificates((folder / _CERTIFICATE).read_bytes())[0]
            x509.load_pem_x509_certificates((folder / _CA).read_bytes())
        except (OSError, ValueError, msgspec.MsgspecError):
            return None
        if not self.keys.fits(folder, certificate):
            return None
        return Identity(folder=folder, **msgspec.structs.asdict(facts))

    def _numbers(self) -> list[int]:
        if not self.folder.is_dir():
            return []
        return [int(path.name) for path in self.folder.iterdir() if path.name.isdigit()]

    def _numbered(self, number: int) -> Path:
        return self.folder / f"{number:04d}"

    def _remove(self, folder: Path) -> None:
        self.keys.forget(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _digest(purpose: str) -> bytes:
    return hashlib.sha256(purpose.encode()).hexdigest().encode()


__all__ = ["BadIdentity", "Identity", "IdentityFiles", "KeyMissing"]
