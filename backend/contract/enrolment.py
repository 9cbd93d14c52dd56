"""One-time enrolment codes: how desk and kiosk write, check and prove them.

A code is 27 random letters (135 bits) and a check letter, typed as seven groups of four:

    7K3M-Q0ZT-…

It is also in the QR code of the enrolment sheet, with everything else the kiosk has to know:

    menkou://enrol?u=https://desk:8143&k=K-0001&c=CODE&e=1790000000&p=SHA256-OF-THE-AUTHORITY'S-CERTIFICATE

Before it trusts the desk a kiosk asks `GET /authority` for the authority's certificate. With the QR code it compares
the certificate's SHA-256 with `p`. With a typed code it asks `GET /authority?code=lookup_of(code)` and compares
`authority_mac`: only who knows the code (or its hash, which is the desk's alone) can have made it. In both cases
nobody in between can put his own authority in its place, so neither needs a signature.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
LETTERS = 28  # 27 random, one to check
GROUP = 4

_VALUE = {letter: value for value, letter in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_IGNORED = str.maketrans("", "", "- \t\r\n\u2010\u2011\u2012\u2013\u3000")


class CodeError(ValueError):
    """Not a code, or mistyped. The text never quotes what was typed."""


def new_code() -> str:
    """A fresh code, without dashes."""
    values = [secrets.randbelow(32) for _ in range(LETTERS - 1)]
    return "".join(ALPHABET[value] for value in [*values, _check(values)])


def grouped(code: str) -> str:
    """As it is shown and typed."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def parse_code(typed: str) -> str:
    """What was typed, as `new_code` made it: dashes, blanks, case and I/L/O are forgiven. Raises CodeError."""
    plain = typed.translate(_IGNORED).upper()
    if len(plain) != LETTERS:
        raise CodeError(f"an enrolment code has {LETTERS} letters and digits")
    if any(letter not in _VALUE for letter in plain):
        raise CodeError("an enrolment code has digits and letters without U only")
    values = [_VALUE[letter] for letter in plain]
    if _check(values[:-1]) != values[-1]:
        raise CodeError("a letter is wrong or two are exchanged")
    return "".join(ALPHABET[value] for value in values)


def code_sha256(code: str) -> str:
    """What the desk keeps of a code: it has 135 random bits, so it needs no slow hash."""
    return hashlib.sha256(f"menkou-enrolment:{code}".encode()).hexdigest()


def lookup_of(code: str) -> str:
    """A name for the code that gives nothing away: 32 hex digits."""
    return lookup_of_sha256(code_sha256(code))


def lookup_of_sha256(sha256: str) -> str:
    return hashlib.sha256(f"menkou-enrolment-lookup:{sha256}".encode()).hexdigest()[:32]


def authority_mac(sha256: str, certificate_der: bytes) -> str:
    """Proof that the certificate comes from whoever made the code; `sha256` is `code_sha256(code)`."""
    return hmac.new(bytes.fromhex(sha256), b"menkou-authority" + certificate_der, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Ticket:
    """Everything on the enrolment sheet."""

    url: str  # of the desk, as kiosks reach it
    kiosk_id: str
    code: str
    expires_at: datetime
    pin: str  # SHA-256 of the authority's certificate (DER), hex

    def as_uri(self) -> str:
        fields = {
            "u": self.url,
            "k": self.kiosk_id,
            "c": self.code,
            "e": str(int(self.expires_at.timestamp())),
            "p": self.pin,
        }
        return "menkou://enrol?" + urlencode(fields)

    @classmethod
    def parse(cls, uri: str) -> Ticket:
        """Raises CodeError for anything else than a ticket of ours."""
        try:
            parts = urlsplit(uri.strip())
            fields = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
            url, kiosk_id, pin = fields["u"], fields["k"], fields["p"].lower()
            code = fields["c"]
            expires_at = datetime.fromtimestamp(int(fields["e"]), UTC)
            secure = urlsplit(url)
            known = (parts.scheme, parts.netloc) == ("menkou", "enrol") and len(uri) <= 1000
            if not known or secure.scheme != "https" or not secure.hostname or len(bytes.fromhex(pin)) != 32:
                raise CodeError("this is not an enrolment code of a desk")
        except CodeError:
            raise
        except (ValueError, KeyError, OverflowError, OSError):
            raise CodeError("this is not an enrolment code of a desk") from None
        return cls(url, kiosk_id, parse_code(code), expires_at, pin)


def _check(values: list[int]) -> int:
    """Over GF(32) with position weights 2, 4, 8 …: finds every wrong letter and every two exchanged ones."""
    weight, total = 1, 0
    for value in values:
        weight = _times(weight, 2)
        total ^= _times(weight, value)
    return total


def _times(one: int, other: int) -> int:
    """In GF(2)[x] / (x^5 + x^2 + 1)."""
    product = 0
    while other:
        if other & 1:
            product ^= one
        one <<= 1
        if one & 32:
            one ^= 0b100101
        other >>= 1
    return product
