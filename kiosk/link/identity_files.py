"""The kiosk's identity on its disk: key, certificate, whom to trust, and who it is.

    identity/0003/{key.pem, certificate.pem, ca.pem, kiosk.json}    the one in use: the highest number that is whole
    identity/0003/content-root.json                                 whose signatures content needs
    identity/0002/                                                  the one before, of the same enrolment
    identity/next/{key.pem, attempt}                                one being asked for
    identity/forgetting                                             everything here is to go

The one change that counts is a rename of `next` to the next number: the power may fail at any point and leaves either
the old identity or the new one.
"""

from __future__ import annotations

import hashlib
import shutil
import ssl
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec
import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from backend.contract.fleet_api import Enrolled
from kiosk.link.files import sync_folder, write_whole
from kiosk.link.key_store import KeyMissing, KeyStore

log = structlog.get_logger()

_CERTIFICATE = "certificate.pem"
_CA = "ca.pem"
_KIOSK = "kiosk.json"
_CONTENT_ROOT = "content-root.json"
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

    def content_root(self) -> bytes | None:
        """Whose signatures content needs; None if the desk had nobody's when the kiosk was enrolled."""
        try:
            return (self.folder / _CONTENT_ROOT).read_bytes()
        except OSError:
            return None


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
        try:
            if (folder / _FORGETTING).exists():
                self.forget()
        except OSError as error:  # such as a folder of another user's; whoever reads it next is told the same
            log.error("identity_unreadable", error=type(error).__name__)

    def current(self) -> Identity | None:
        """The identity in use; None if there is none that is whole."""
        for number in sorted(self._numbers(), reverse=True):
            if (identity := self._read(self._numbered(number))) is not None:
                return identity
        return None

    def predecessor(self, identity: Identity) -> Identity | None:
        """The one that `identity` was a renewal of, if it is still there."""
        older = [number for number in self._numbers() if number < int(identity.folder.name)]
        found = self._read(self._numbered(max(older))) if older else None
        return found if found is not None and _same_enrolment(found, identity) else None

    def return_to(self, identity: Identity) -> None:
        """The desk knows nothing of what came after `identity`: that is dropped."""
        for number in self._numbers():
            if number > int(identity.folder.name):
                self._remove(self._numbered(number))
        sync_folder(self.folder)

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

    def accept(self, attempt: Path, enrolled: Enrolled, desk_url: str, *, renewed: Identity | None = None) -> Identity:
        """Make what the desk sent the identity in use. Raises BadIdentity and keeps the old one. `renewed`: the one
        this is a renewal of; it stays beside the new one until the next renewal, because a desk put back from a copy
        knows only that one."""
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
        # A renewal brings no other root: who has the desk has not therefore the keys of content.
        root = renewed.content_root() if renewed is not None else enrolled.content_root.encode()
        if root:
            write_whole(attempt / _CONTENT_ROOT, root)
        write_whole(attempt / _KIOSK, msgspec.json.encode(facts))
        identity = self._read(attempt)
        if identity is None:
            raise BadIdentity("not readable after writing")
        try:
            self.context(identity)
        except (KeyMissing, OSError, ssl.SSLError):
            raise BadIdentity("nothing that a connection can be made with") from None
        older = self._numbers()
        taken = self._numbered(max(older, default=0) + 1)
        attempt.rename(taken)
        sync_folder(self.folder)
        identity = replace(identity, folder=taken)
        for number in older:
            if renewed is None or self._numbered(number) != renewed.folder:
                self._remove(self._numbered(number))
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
        if not _leads_to(certificates, authorities):
            raise BadIdentity("a certificate of another authority")

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


def _same_enrolment(one: Identity, other: Identity) -> bool:
    return (one.kiosk_id, one.epoch, one.desk_url) == (other.kiosk_id, other.epoch, other.desk_url)


def _leads_to(chain: list[x509.Certificate], authorities: list[x509.Certificate]) -> bool:
    """The first certificate was issued, by way of the others, by one of the authorities."""
    own, *between = chain
    for _ in range(len(between) + 1):
        if any(_issued(own, authority) for authority in authorities):
            return True
        above = next((issuer for issuer in between if issuer != own and _issued(own, issuer)), None)
        if above is None:
            return False
        own = above
    return False


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _digest(purpose: str) -> bytes:
    return hashlib.sha256(purpose.encode()).hexdigest().encode()


__all__ = ["BadIdentity", "Identity", "IdentityFiles", "KeyMissing"]
