"""Whether a scanned electronic business licence is genuine, in force, and shown by somebody it names."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from zoneinfo import ZoneInfo

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from backend.contract.business_licence import MAX_LENGTH, LicenceClaims, read_licence
from backend.contract.service_api import ServiceProblem
from backend.problems import Refused
from content.codes.uscc import check_uscc

ALGORITHM = "Ed25519"  # RFC 9864; any other, and "none", is refused
_SHANGHAI = ZoneInfo("Asia/Shanghai")


def check_licence(
    text: str | None, verifying_key: str, *, number: str | None = None, today: date | None = None
) -> LicenceClaims:
    """The claims of a licence. `verifying_key`: the registry's Ed25519 key, base64url; `number`: the identity number of
    the proven person who acts for the organisation (L2), who must be among its holders. `today`: in China.

    Refused: licence-invalid; the detail says why and names nobody.
    """
    if not text or len(text) > MAX_LENGTH:
        raise _invalid("none was shown")
    if not verifying_key:
        raise _invalid("no registry's key is set")
    token = text.strip()
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": verifying_key})
    try:
        jws.deserialize_compact(token, key, algorithms=[ALGORITHM])
    except (JoseError, ValueError):
        raise _invalid("not signed by the registry") from None
    claims = read_licence(token)
    if claims is None or not check_uscc(claims.uscc).valid:
        raise _invalid("not understood")
    if claims.valid_until is not None and claims.valid_until < (today or datetime.now(_SHANGHAI).date()):
        raise _invalid("expired")
    if number is not None and holder_digest(claims.uscc, number) not in claims.holders:
        raise _invalid("another person's")
    return claims


def holder_digest(uscc: str, number: str) -> str:
    """How a licence names somebody who may act for it."""
    return hashlib.sha256(f"{uscc}:{number}".encode()).hexdigest()


def _invalid(why: str) -> Refused:
    return Refused(ServiceProblem.LICENCE_INVALID, why)
