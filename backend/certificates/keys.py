"""The signing keys of an embedded backend: a CA of its own and a P-256 signer certificate per agency.

For demonstration and test only: every certificate names itself a specimen (样张), and so does the seal. A real
deployment asks the agency's seal service instead (`signing.Signer`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from backend.identity.crypto import read_or_make_secret
from backend.secret_files import write_secret

log = structlog.get_logger()

CA_FILE = "keys/certificates-ca.pem"  # under var_dir: what `menkou verify` trusts by default
_CA_BUNDLE = "keys/certificates-ca-key.pem"
CA_FILES = (CA_FILE, _CA_BUNDLE)
_DAY = timedelta(days=1)
CHECK_LIFE = timedelta(days=180)  # how long a sheet can be verified; its signer's certificate must live as long


class SigningKeyError(Exception):
    """There is no key whose signatures could be verified for as long as they must be."""


@dataclass(frozen=True)
class SignerKeys:
    """PEM of the signer's key and certificate, and of the CA."""

    key_pem: bytes = field(repr=False)
    certificate_pem: bytes
    ca_pem: bytes


def signer_keys(var_dir: Path, agency_name: str, agency_uscc: str) -> SignerKeys:
    """The keys of one agency, made at the first call and renewed in time. Files are readable by their owner only.

    A renewed signer's old certificate is kept under `keys/retired`, its key is not. Old files carry their
    certificate with them and stay genuine. Raises SigningKeyError when the CA itself ends too soon.
    """
    ca_pem = ca_certificate(var_dir)
    ca_key, ca = _split(read_or_make_secret(var_dir / _CA_BUNDLE, _make_ca))
    path = var_dir / f"keys/signer-{agency_uscc}.pem"
    key, certificate = _split(read_or_make_secret(path, lambda: _make_signer(agency_name, agency_uscc, ca_key, ca)))
    if not _lasts(certificate):
        if not _lasts(ca):
            log.error("certificates_ca_ends_too_soon", until=ca.not_valid_after_utc.isoformat())
            raise SigningKeyError(f"the CA of the certificates is valid until {ca.not_valid_after_utc:%Y-%m-%d} only")
        retired = var_dir / f"keys/retired/signer-{agency_uscc}-{certificate.serial_number:x}.pem"
        write_secret(retired, certificate.public_bytes(serialization.Encoding.PEM))
        write_secret(path, _make_signer(agency_name, agency_uscc, ca_key, ca))
        key, certificate = _split(path.read_bytes())
        log.info("signer_renewed", agency=agency_uscc, until=certificate.not_valid_after_utc.isoformat())
    return SignerKeys(_key_pem(key), certificate.public_bytes(serialization.Encoding.PEM), ca_pem)


def _lasts(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_after_utc > datetime.now(UTC) + CHECK_LIFE + _DAY


def ca_certificate(var_dir: Path) -> bytes:
    """The CA's certificate as PEM; the CA is made at the first call."""
    _, ca = _split(read_or_make_secret(var_dir / _CA_BUNDLE, _make_ca))
    return read_or_make_secret(var_dir / CA_FILE, lambda: ca.public_bytes(serialization.Encoding.PEM))


def _make_ca() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Menkou 样张 Specimen"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Menkou Specimen CA"),
        ]
    )
    certificate = (
        _builder(name, name, key, days=3650)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _key_pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def _make_signer(agency_name: str, agency_uscc: str, ca_key: ec.EllipticCurvePrivateKey, ca: x509.Certificate) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _fit(agency_name, 64)),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, agency_uscc),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{_fit(agency_name, 45)} 电子印章样张"),
        ]
    )
    certificate = (
        _builder(name, ca.subject, key, days=1825, ends=ca.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    return _key_pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int, ends: datetime | None = None
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    until = now + days * _DAY
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(min(until, ends) if ends else until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=not sign_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _fit(text: str, length: int) -> str:
    """As many characters as fit in `length` bytes of UTF-8, which is how X.520 bounds are applied."""
    return text.encode()[:length].decode(errors="ignore")


def _split(bundle: bytes) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = serialization.load_pem_private_key(bundle, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("signing key is not an elliptic-curve key")
    return key, x509.load_pem_x509_certificate(bundle)
