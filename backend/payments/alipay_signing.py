"""RSA2 of the Alipay gateway, without I/O: SHA256withRSA (PKCS#1 v1.5), base64, over raw UTF-8 texts.

Three different texts are signed: of a request all parameters but `sign` (so `sign_type` is in); of a notification all
but `sign` and `sign_type`; of a response the inner JSON object byte for byte as it came.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def request_text(params: Mapping[str, str]) -> str:
    """What a request's signature covers."""
    return _joined(params, without={"sign"})


def notification_text(fields: Mapping[str, str]) -> str:
    """What a notification's signature covers; the fields are URL-decoded already."""
    return _joined(fields, without={"sign", "sign_type"})


def signed_part(response: str, name: str) -> str | None:
    """The inner object of a response, exactly as received; None if the response has another shape."""
    key = f'"{name}"'
    start = response.find(key)
    if start < 0:
        return None
    start = response.find(":", start + len(key)) + 1
    while start < len(response) and response[start] in " \t\r\n":
        start += 1
    try:
        value, end = json.JSONDecoder().raw_decode(response, start)
    except ValueError:
        return None
    return response[start:end] if isinstance(value, dict) else None


def sign(key: rsa.RSAPrivateKey, text: str) -> str:
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def verify(key: rsa.RSAPublicKey, text: str, signature: str) -> bool:
    """Whether `signature` (base64) is `key`'s over `text`. Nonsense is simply not a signature."""
    try:
        key.verify(base64.b64decode(signature, validate=True), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _joined(params: Mapping[str, str], without: Collection[str]) -> str:
    return "&".join(f"{key}={params[key]}" for key in sorted(params) if key not in without and params[key] != "")
