"""The merchant's key and the gateway's. Embedded, the merchant's is made at the first start."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from backend.secret_files import write_secret
from backend.settings import BackendSettings


class AlipayKeys:
    """`merchant` signs what we send; `gateway()` verifies what comes, None while its file is not there yet."""

    def __init__(self, merchant: rsa.RSAPrivateKey, gateway_file: Path) -> None:
        self.merchant = merchant
        self._gateway_file = gateway_file
        self._gateway: tuple[int, rsa.RSAPublicKey] | None = None

    def gateway(self) -> rsa.RSAPublicKey | None:
        """Read again when the file changes: the key may be rotated, the sandbox may be made anew."""
        try:
            changed = self._gateway_file.stat().st_mtime_ns
            if self._gateway is None or self._gateway[0] != changed:
                key = serialization.load_pem_public_key(self._gateway_file.read_bytes())
                if not isinstance(key, rsa.RSAPublicKey):
                    return None
                self._gateway = changed, key
        except (OSError, ValueError):
            return None
        return self._gateway[1]


def open_keys(settings: BackendSettings) -> AlipayKeys:
    """The keys the settings name. Raises ValueError in production if one is not named or not an RSA key."""
    embedded = settings.environment == "embedded"
    if not embedded and (settings.alipay_merchant_key is None or settings.alipay_public_key is None):
        raise ValueError("set MENKOU_BACKEND_ALIPAY_MERCHANT_KEY and MENKOU_BACKEND_ALIPAY_PUBLIC_KEY to PEM files")
    merchant_file = settings.alipay_merchant_key or settings.var_dir / "alipay_merchant.pem"
    if embedded and settings.alipay_merchant_key is None and not merchant_file.exists():
        _make(merchant_file)
    merchant = serialization.load_pem_private_key(merchant_file.read_bytes(), None)
    if not isinstance(merchant, rsa.RSAPrivateKey):
        raise ValueError(f"{merchant_file} is not an RSA key")
    if embedded:
        public = merchant.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (settings.var_dir / "alipay_merchant_public.pem").write_bytes(public)  # for the sandbox
    return AlipayKeys(merchant, settings.alipay_public_key or settings.sandbox_dir / "alipay_public.pem")


def _make(file: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_secret(file, pem)
