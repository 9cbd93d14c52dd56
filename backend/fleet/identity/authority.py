"""The authority that signs kiosks' certificates, and the kiosk listener's own certificate.

Embedded, one self-signed P-256 authority is made in `var_dir/authority` at the first start. A production names the
files of an issuing authority, whose root may be kept offline. Decided in docs/decisions/0012-kiosk-identity.md.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from backend.fleet.settings import FleetSettings
from backend.secret_files import write_secret
from backend.settings import BackendSettings, SettingsError

FOLDER = "authority"  # under var_dir
_SLACK = timedelta(minutes=5)  # a kiosk's clock may be behind ours
_AUTHORITY_LIFE = timedelta(days=20 * 365)
_SERVER_LIFE = timedelta(days=180)
_MIN_RSA = 3072

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class CsrError(Exception):
    """Not a request we sign; the text says why, without quoting it."""


@dataclass(frozen=True)
class Authority:
    """`chain`: the issuing certificate, then those above it; the last is the root."""

    key: _Key = field(repr=False)
    chain: tuple[x509.Certificate, ...]
    desk_ca_pem: str  # whom kiosks trust as the desk

    @property
    def certificate(self) -> x509.Certificate:
        return self.chain[0]

    @property
    def chain_pem(self) -> str:
        return "".join(_pem(certificate) for certificate in self.chain)

    @property
    def desk_ca_der(self) -> bytes:
        return x509.load_pem_x509_certificate(self.desk_ca_pem.encode()).public_bytes(Encoding.DER)

    @property
    def pin(self) -> str:
        """SHA-256 of the certificate kiosks trust as the desk's authority: what the QR code carries."""
        return sha256(self.desk_ca_der).hexdigest()

    def issue(self, kiosk_id: str, key: PublicKey, at: datetime, life: timedelta) -> x509.Certificate:
        """A client certificate with the kiosk's name."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, kiosk_id)])
        until = min(at + life, self.certificate.not_valid_after_utc)
        builder = _builder(name, self.certificate.subject, key, at - _SLACK, until)
        return self._sign(builder, ExtendedKeyUsageOID.CLIENT_AUTH)

    def issue_server(self, names: list[str], key: PublicKey, at: datetime) -> x509.Certificate:
        """The kiosk listener's own, for these host names and addresses."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Menkou desk")])
        builder = _builder(subject, self.certificate.subject, key, at - _SLACK, at + _SERVER_LIFE)
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        return self._sign(builder, ExtendedKeyUsageOID.SERVER_AUTH)

    def _sign(self, builder: x509.CertificateBuilder, usage: x509.ObjectIdentifier) -> x509.Certificate:
        issuer = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(sign_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
            .sign(self.key, hashes.SHA256())
        )


def open_authority(fleet: FleetSettings, backend: BackendSettings) -> Authority:
    """Reads the authority; embedded, makes it first. Blocking. Raises SettingsError for files that do not fit."""
    fleet.check_production(backend)
    if fleet.authority_certificate and fleet.authority_key:
        chain_pem, key_pem = _read(fleet.authority_certificate), _read(fleet.authority_key)
    else:
        folder = backend.var_dir / FOLDER
        with _locked(folder):
            if not (folder / "ca.pem").exists():
                _make_authority(folder)
        chain_pem, key_pem = (folder / "ca.pem").read_bytes(), (folder / "ca.key").read_bytes()
    try:
        key = load_pem_private_key(key_pem, None)
        chain = tuple(x509.load_pem_x509_certificates(chain_pem))
        usable = isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) and spki(key.public_key()) == spki(
            chain[0].public_key()
        )
        chain[0].extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        if not chain[0].extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            usable = False
    except (ValueError, TypeError, IndexError, x509.ExtensionNotFound) as error:
        raise SettingsError(f"the kiosks' authority cannot be read: {type(error).__name__}") from None
    if not usable:
        raise SettingsError("the kiosks' authority: key and certificate do not belong together, or it is no authority")
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)  # noqa: S101
    desk_ca = _read(fleet.server_authority).decode() if fleet.server_authority else _pem(chain[-1])
    return Authority(key, chain, desk_ca)


def server_files(authority: Authority, fleet: FleetSettings, backend: BackendSettings) -> tuple[Path, Path]:
    """Certificate (with its chain) and key of the kiosk listener. Without configured ones they are made, and made
    anew when a third of their life is left or the names have changed. Blocking."""
    if fleet.server_certificate and fleet.server_key:
        return fleet.server_certificate, fleet.server_key
    folder = backend.var_dir / FOLDER
    certificate, key = folder / "server.pem", folder / "server.key"
    with _locked(folder):
        if not _serves(certificate, key, authority, fleet.names):
            made = ec.generate_private_key(ec.SECP256R1())
            issued = authority.issue_server(fleet.names, made.public_key(), datetime.now(UTC))
            certificate.unlink(missing_ok=True)  # never a certificate beside another's key
            write_secret(key, _key_pem(made))
            write_secret(certificate, (_pem(issued) + authority.chain_pem).encode())
    return certificate, key


def read_csr(pem: str) -> PublicKey:
    """The public key of a request signed with its own private key. Its subject and wishes are ignored.

    Raises CsrError unless it is P-256, P-384 or RSA of 3072 bits or more.
    """
    try:
        csr = x509.load_pem_x509_csr(pem.encode())
        key = csr.public_key()
        if isinstance(key, ec.EllipticCurvePublicKey):
            if not isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
                raise CsrError("the key must be P-256, P-384 or RSA with 3072 bits")
        elif not isinstance(key, rsa.RSAPublicKey) or not _MIN_RSA <= key.key_size <= 8192:
            raise CsrError("the key must be P-256, P-384 or RSA with 3072 bits")
        hashed = csr.signature_hash_algorithm
        if hashed is None or hashed.digest_size < 32 or not csr.is_signature_valid:
            raise CsrError("the request is not signed with its own key")
    except CsrError:
        raise
    except Exception:  # noqa: BLE001 - whatever a parser makes of a stranger's bytes
        raise CsrError("this is not a certificate request (PKCS #10, PEM)") from None
    return key


def spki(key: object) -> bytes:
    """A public key's DER."""
    data: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return data


def key_sha256(key: PublicKey) -> str:
    return sha256(spki(key)).hexdigest()


def serial_of(certificate: x509.Certificate) -> str:
    """Lower-case hex without leading zeros: as `Peer.serial`."""
    return f"{certificate.serial_number:x}"


def _serves(certificate: Path, key: Path, authority: Authority, names: list[str]) -> bool:
    if not certificate.exists() or not key.exists():
        return False
    try:
        ours, *chain = x509.load_pem_x509_certificates(certificate.read_bytes())
        listed = ours.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    fresh = ours.not_valid_after_utc - datetime.now(UTC) > _SERVER_LIFE / 3
    return fresh and tuple(chain) == authority.chain and set(listed) == {_general(name) for name in names}


def _make_authority(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Menkou kiosk authority")])
    now = datetime.now(UTC)
    certificate = (
        _builder(name, name, key.public_key(), now - _SLACK, now + _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_secret(folder / "ca.key", _key_pem(key))
    write_secret(folder / "ca.pem", _pem(certificate).encode())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Several processes may start at once: one of them makes the files."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
