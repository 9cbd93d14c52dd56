"""The second factor: TOTP (RFC 6238, SHA-1, 6 digits, 30 s) and recovery codes."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from hashlib import sha256

import pyotp
import segno

STEP_S = 30
WINDOW = 1  # steps a clock may be off
RECOVERY_CODES = 10
ISSUER = "Menkou"


def new_secret() -> str:
    """160 random bits, base32."""
    return pyotp.random_base32(32)


def matching_step(secret: str, code: str, at: datetime, after: int) -> int | None:
    """The time step `code` belongs to; None if it fits none, or one not later than `after` (a code counts once)."""
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    totp = pyotp.TOTP(secret)
    now = int(at.timestamp()) // STEP_S
    found = None
    for step in range(now - WINDOW, now + WINDOW + 1):
        if hmac.compare_digest(totp.generate_otp(step), digits) and step > after:
            found = step
    return found


def enrolment_uri(secret: str, login: str) -> str:
    """What authenticator apps read from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def qr_svg(uri: str) -> str:
    """The QR code as a data: address of an SVG."""
    return segno.make(uri, error="m").svg_data_uri(scale=5, border=4)


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 random bits: xxxx-xxxx-xxxx-xxxx."""
    codes = []
    for _ in range(RECOVERY_CODES):
        text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
        codes.append("-".join(text[i : i + 4] for i in range(0, 16, 4)))
    return codes


def recovery_hash(code: str) -> str:
    """However it was typed: capitals, spaces and dashes do not matter."""
    return sha256("".join(c for c in code.casefold() if c.isalnum()).encode()).hexdigest()
