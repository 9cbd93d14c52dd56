"""The registry of the demonstration: electronic business licences on a resident's phone.

Its signing key is no secret (it follows from a sentence in this file), so that a licence can be a preset of the virtual
cabinet. The backend trusts it only where it runs embedded.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.sandbox.people import world

router = APIRouter()

_SEED = hashlib.sha256(b"menkou sandbox: business licences").digest()
_STRANGER = hashlib.sha256(b"somebody else").digest()

COMPANY = {"uscc": "91519999MA0B00023F", "name": "青口县示范制造有限公司", "legal_rep": "张示范"}


class LicenceWish(BaseModel):
    """What the phone is to show. `holders`: identity numbers of those who may act; None: all the residents the
    sandbox knows by that name."""

    model_config = ConfigDict(extra="forbid")

    uscc: str = COMPANY["uscc"]
    name: str = COMPANY["name"]
    legal_rep: str = Field(default=COMPANY["legal_rep"], repr=False)
    holders: list[str] | None = Field(default=None, repr=False)
    expired: bool = False
    forged: bool = False  # signed by somebody else


@router.post("/phone/licence")
async def show(wish: LicenceWish) -> dict[str, str]:
    """The text in the QR code on the phone, to be held under the terminal's scanner."""
    return {"licence": make_licence(wish)}


def make_licence(wish: LicenceWish | None = None) -> str:
    """A compact JWS; the same wish gives the same text."""
    wish = wish or LicenceWish()
    numbers = wish.holders
    if numbers is None:
        numbers = [resident.number for resident in world().residents if resident.name == wish.legal_rep]
    claims: dict[str, Any] = {
        "uscc": wish.uscc,
        "name": wish.name,
        "legal_rep": wish.legal_rep,
        "holders": [hashlib.sha256(f"{wish.uscc}:{number}".encode()).hexdigest() for number in numbers],
    }
    if wish.expired:
        claims["valid_until"] = "2020-12-31"
    signed = f"{_segment({'alg': 'Ed25519'})}.{_segment(claims)}"
    key = Ed25519PrivateKey.from_private_bytes(_STRANGER if wish.forged else _SEED)
    return f"{signed}.{_text(key.sign(signed.encode()))}"


def verifying_key() -> str:
    """What the backend checks licences with, base64url."""
    return _text(Ed25519PrivateKey.from_private_bytes(_SEED).public_key().public_bytes_raw())


def _segment(value: dict[str, Any]) -> str:
    return _text(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
