"""The gateway's side of RSA2 (SHA256withRSA, PKCS#1 v1.5), written apart from the merchant's so that a
misunderstanding in one of them shows."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)


class GatewayKeys:
    """Our private key, the merchant's public one."""

    def __init__(self, private: RSAPrivateKey, merchant_file: Path) -> None:
        self._private = private
        self._merchant_file = merchant_file

    @classmethod
    def open(cls, directory: Path, merchant_file: Path) -> GatewayKeys:
        """Read the key pair of `directory`, or make it; the public half is left there for the merchant."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        private_file = directory / "alipay_private.pem"
        if not private_file.exists():
            key = generate_private_key(65537, 2048)
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            descriptor = os.open(private_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
        private = load_pem_private_key(private_file.read_bytes(), None)
        if not isinstance(private, RSAPrivateKey):
            raise ValueError(f"{private_file} is not an RSA key")
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (directory / "alipay_public.pem").write_bytes(public)
        return cls(private, merchant_file)

    def sign(self, data: bytes, *, forged: bool = False) -> str:
        """Base64 of our signature; `forged` signs with a stranger's fresh key instead."""
        key = generate_private_key(65537, 2048) if forged else self._private
        return base64.b64encode(key.sign(data, PKCS1v15(), SHA256())).decode()

    def sign_notification(self, fields: Mapping[str, str], *, forged: bool = False) -> str:
        """Notifications are signed without `sign` and without `sign_type`."""
        signed = sorted((key, value) for key, value in fields.items() if key not in ("sign", "sign_type") and value)
        return self.sign("&".join(map("=".join, signed)).encode("utf-8"), forged=forged)

    def merchant_signed(self, params: Mapping[str, str]) -> bool:
        """Whether the merchant signed this request: every parameter but `sign` (and but empty ones), decoded."""
        try:
            public = load_pem_public_key(self._merchant_file.read_bytes())
            signature = base64.b64decode(params.get("sign", ""), validate=True)
        except (OSError, ValueError, binascii.Error):
            return False
        signed = sorted((key, value) for key, value in params.items() if key != "sign" and value)
        message = "&".join(map("=".join, signed)).encode("utf-8")
        if not isinstance(public, RSAPublicKey):
            return False
        try:
            public.verify(signature, message, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True
