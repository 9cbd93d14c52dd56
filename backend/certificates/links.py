"""Serial numbers, typed verification codes and QR links: unguessable, checkable, without personal data."""

from __future__ import annotations

import base64
import hmac
import io
import secrets
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import segno

from backend.identity.crypto import Vault
from content.codes.iso7064 import ALPHANUMERIC, mod_37_36

_TYPABLE = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0, O, 1, I
_SHORT = "abcdefghjkmnpqrstuvwxyz23456789"
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_MAC_BYTES = 16
_SHANGHAI = ZoneInfo("Asia/Shanghai")


def new_serial(at: datetime) -> str:
    """The year and 12 random characters: 62 bits, so unique and not to be guessed."""
    return f"{at.astimezone(_SHANGHAI).year}{''.join(secrets.choice(ALPHANUMERIC) for _ in range(12))}"


def new_short_id() -> str:
    """Names a certificate in the QR link: 12 characters, 59 bits."""
    return "".join(secrets.choice(_SHORT) for _ in range(12))


def new_verification_code() -> str:
    """`XXXX-XXXX-XXXX-XXXX`: 15 random characters and the MOD 37,36 check, all easy to tell apart."""
    while True:
        body = "".join(secrets.choice(_TYPABLE) for _ in range(15))
        if (check := mod_37_36(body)) in _TYPABLE:
            return _grouped(body + check)


def normalise_code(typed: str) -> str | None:
    """A typed code as it is stored, or None if it cannot be one (a wrong letter is seen without a look-up)."""
    code = "".join(char for char in typed.upper() if char.isalnum())
    if len(code) != 16 or any(char not in _TYPABLE for char in code) or mod_37_36(code[:15]) != code[15]:
        return None
    return _grouped(code)


@dataclass(frozen=True)
class Link:
    """The three parameters of the QR link."""

    short_id: str
    time: str  # issue time, seconds since 1970 in base 36
    mac: str  # 16 bytes, base64url without padding

    def url(self, public_url: str) -> str:
        return f"{public_url.rstrip('/')}/v?i={self.short_id}&t={self.time}&s={self.mac}"


def make_link(vault: Vault, short_id: str, issued_at: datetime, person_hash: str, valid_until: datetime) -> Link:
    """The MAC covers id, time, holder and the end of validity: none of them can be exchanged."""
    time = _base36(int(issued_at.timestamp()))
    parts = (short_id, time, person_hash, str(int(valid_until.timestamp())))
    return Link(short_id, time, _b64(vault.mac("verification-link", *parts)[:_MAC_BYTES]))


def same_link(one: Link, other: Link) -> bool:
    """Compares in constant time, whatever was typed."""
    return hmac.compare_digest(
        "|".join((one.short_id, one.time, one.mac)).encode(), "|".join((other.short_id, other.time, other.mac)).encode()
    )


def qr_svg(url: str) -> str:
    """The link as SVG: level M, quiet zone of 4 modules."""
    buffer = io.BytesIO()
    segno.make(url, error="m", micro=False).save(buffer, kind="svg", border=4, xmldecl=False)
    return buffer.getvalue().decode()


def _grouped(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, 16, 4))


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _BASE36[rest] + digits
    return digits or "0"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
