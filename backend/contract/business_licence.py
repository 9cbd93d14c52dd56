"""What the QR code of an electronic business licence (电子营业执照) says, and how it is read without judging it.

A compact JWS (RFC 7515): `header.payload.signature`, each base64url without padding; the payload is JSON as in
`LicenceClaims`. The registry signs it; only the backend, which holds the registry's public key, verifies it. The
terminal reads it to show whose licence was scanned and to say at once that one has expired. The real format is the
State Administration's and not public: an agency puts its own reader here and in the backend's verifier.
"""

from __future__ import annotations

import base64
import binascii
from datetime import date

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_LENGTH = 4000


class LicenceClaims(BaseModel):
    """`holders`: identity numbers of the legal representative and of those they have authorised (办事人), each as the
    lower-case hex SHA-256 of `uscc + ":" + number`: the code may be photographed by anybody."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    uscc: str = Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")
    name: str = Field(min_length=1, max_length=120)
    legal_rep: str = Field(min_length=1, max_length=60)
    valid_until: date | None = None  # None: long-term
    holders: list[str] = []


def read_licence(text: str) -> LicenceClaims | None:
    """The claims of a scanned text, unverified; None: this is no business licence."""
    segments = text.strip().split(".")
    if len(text) > MAX_LENGTH or len(segments) != 3:
        return None
    try:
        payload = base64.urlsafe_b64decode(segments[1] + "=" * (-len(segments[1]) % 4))
        return LicenceClaims.model_validate_json(payload)
    except (binascii.Error, ValueError, ValidationError):
        return None
