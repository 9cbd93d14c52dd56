"""Keys for signing: an encrypted PEM that stays with its keeper, and a public half that everybody may have."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.exceptions import FormatError
from securesystemslib.signer import CryptoSigner, Key, SSlibKey

from content.signing.files import write
from content.signing.roles import SigningFault

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
LEAST_PASSPHRASE = 12  # characters
_PUBLIC = ".public.json"
_PRIVATE = ".key.pem"


@dataclass(frozen=True)
class PublicKey:
    """`name`: what people call it, such as root-1."""

    name: str
    key: Key

    def to_bytes(self) -> bytes:
        content = {"name": self.name, "keyid": self.key.keyid, "key": self.key.to_dict()}
        return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> PublicKey:
        """Raises SigningFault."""
        try:
            content = json.loads(data)
            name, key = str(content["name"]), Key.from_dict(str(content["keyid"]), dict(content["key"]))
        except (ValueError, KeyError, TypeError, FormatError):
            raise SigningFault("this is not a public key of ours; take the file NAME.public.json") from None
        if not NAME.fullmatch(name):
            raise SigningFault("the key's name is not one; small letters, digits and hyphens only")
        return cls(name, key)


def make_key(folder: Path, name: str, passphrase: str) -> tuple[PublicKey, Path]:
    """A new Ed25519 key in `folder`: NAME.key.pem, encrypted, and NAME.public.json. Raises SigningFault."""
    if not NAME.fullmatch(name):
        raise SigningFault(f"{name!r} is not a name for a key; small letters, digits and hyphens, such as root-1")
    if len(passphrase) < LEAST_PASSPHRASE:
        raise SigningFault(f"the passphrase is too short; {LEAST_PASSPHRASE} characters or more")
    private, public = folder / f"{name}{_PRIVATE}", folder / f"{name}{_PUBLIC}"
    if private.exists() or public.exists():
        raise SigningFault(f"there is a key {name} in {folder}; choose another name, an old key is never overwritten")
    key = Ed25519PrivateKey.generate()
    write(private, pem(key, passphrase), secret=True)
    made = PublicKey(name, SSlibKey.from_crypto(key.public_key()))
    write(public, made.to_bytes())
    return made, private


def pem(key: Ed25519PrivateKey, passphrase: str | None) -> bytes:
    """PKCS #8; None: not encrypted, for a key whose server guards it by the file's mode."""
    guard = BestAvailableEncryption(passphrase.encode()) if passphrase is not None else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, guard)


def load_signer(file: Path, passphrase: str | None) -> CryptoSigner:
    """Raises SigningFault, without a word of what is in the file."""
    try:
        key = load_pem_private_key(file.read_bytes(), passphrase.encode() if passphrase is not None else None)
    except OSError:
        raise SigningFault(f"{file} cannot be read; is the stick with the key plugged in?") from None
    except (ValueError, TypeError):
        raise SigningFault(f"{file} does not open; another passphrase, or not a private key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningFault(f"{file} is not an Ed25519 key; make one with `menkou sign keys new`")
    return CryptoSigner(key)


def read_public(file: Path) -> PublicKey:
    """Raises SigningFault."""
    try:
        return PublicKey.from_bytes(file.read_bytes())
    except OSError:
        raise SigningFault(f"{file} cannot be read") from None
