"""Where the kiosk's private key lives. It is made on the kiosk and never leaves it.

`FileKeyStore` is what is used today: a file that only the kiosk's user can read. A machine with a TPM could keep the
key in it behind the same port; `tpm_device` says whether there is one, so that the desk can see what is given away.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Literal, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.link.files import write_whole

_KEY = "key.pem"
_TPM = Path("/dev/tpmrm0")  # the kernel's resource manager: several programs may use the chip


class KeyStore(Protocol):
    """`folder` names one key: a renewal makes the next one in a folder of its own while the old one is in use."""

    @property
    def kind(self) -> Literal["file", "tpm"]: ...

    def make(self, folder: Path) -> None:
        """A new P-256 key, unless this folder has a usable one already: a repeated attempt keeps its key."""

    def request(self, folder: Path) -> str:
        """The PKCS #10 request for this key, PEM. Raises KeyMissing."""

    def fits(self, folder: Path, certificate: x509.Certificate) -> bool:
        """The certificate is for this key."""

    def load(self, folder: Path, certificate: Path, context: ssl.SSLContext) -> None:
        """Let `context` prove itself with key and certificate. Raises KeyMissing."""

    def forget(self, folder: Path) -> None:
        """Destroy the key; one that is gone already is no error."""


class KeyMissing(Exception):
    """There is no key, or it is damaged."""


class FileKeyStore:
    """PKCS #8, unencrypted, mode 0600: as safe as the disk is, so the disk's partition has to be encrypted."""

    kind: Literal["file", "tpm"] = "file"

    def make(self, folder: Path) -> None:
        try:
            self._key(folder)
        except KeyMissing:
            key = ec.generate_private_key(ec.SECP256R1())
            pem = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            write_whole(folder / _KEY, pem)

    def request(self, folder: Path) -> str:
        # The desk gives the name; the request has to have one.
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kiosk")])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(self._key(folder), hashes.SHA256())
        return request.public_bytes(serialization.Encoding.PEM).decode()

    def fits(self, folder: Path, certificate: x509.Certificate) -> bool:
        try:
            return certificate.public_key() == self._key(folder).public_key()
        except KeyMissing:
            return False

    def load(self, folder: Path, certificate: Path, context: ssl.SSLContext) -> None:
        try:
            context.load_cert_chain(certificate, folder / _KEY)
        except (OSError, ssl.SSLError) as error:
            raise KeyMissing(type(error).__name__) from None

    def forget(self, folder: Path) -> None:
        path = folder / _KEY
        if path.exists():
            # Flash keeps old blocks, so this is not a shredder; but it is more than a removed name.
            path.write_bytes(bytes(path.stat().st_size))
            path.unlink()

    def _key(self, folder: Path) -> ec.EllipticCurvePrivateKey:
        try:
            key = serialization.load_pem_private_key((folder / _KEY).read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise KeyMissing(type(error).__name__) from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise KeyMissing("not an elliptic-curve key")
        return key


def tpm_device() -> Path | None:
    """The machine's TPM, if it has one."""
    return _TPM if _TPM.exists() else None


def key_store() -> KeyStore:
    """The best store this program knows how to use on this machine: for now always the file."""
    return FileKeyStore()
