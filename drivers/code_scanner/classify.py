"""What a scanned text is, given the screen the resident is on.

Payment codes are told by length and prefix, as the gateways' own manuals do: WeChat Pay 18 digits from 10 to 15,
Alipay 16 to 24 digits from 25 to 30, UnionPay QR 19 digits from 62. A citizen number of Beijing to Inner Mongolia
(11 to 15) has the shape of a WeChat code; only the screen can tell them apart, and sometimes only the resident.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from drivers.code_scanner.certificate_id import is_certificate_id
from drivers.code_scanner.port import CodeKind, ScanContext, ScannedCode
from drivers.gb11643 import is_citizen_number

DEFAULT_BILL_ACCOUNT = r"\d{12}"
# 办件编码: the item's code (agency, level, 12 digits), the day, four digits
DEFAULT_CASE_NUMBER = r"[0-9A-Z]{18}[1-6][0-9]{12}20[0-9]{6}[0-9]{4}"
# the link in the QR code of a certificate that the backend has issued
DEFAULT_CERTIFICATE_LINK = r"https?://[^\s?#]+/v\?i=[0-9a-z]{6,40}&t=[0-9a-z]{1,12}&s=[0-9A-Za-z_-]{16,64}"

_PAYMENT_CODES = (
    (CodeKind.WECHAT_PAYMENT, re.compile(r"1[0-5][0-9]{16}")),
    (CodeKind.ALIPAY_PAYMENT, re.compile(r"(?:2[5-9]|30)[0-9]{14,22}")),
    (CodeKind.UNIONPAY_PAYMENT, re.compile(r"62[0-9]{17}")),
)
_ECNY = re.compile(r"01[0-9]{17}")
_LICENCE = re.compile(r"(?:[A-Za-z0-9_-]{10,}\.){2}[A-Za-z0-9_-]{10,}")  # signed words, as a compact JWS
_BIRTH_YEARS = range(1900, 2100)  # of anybody who stands before a terminal

_WANTED: dict[ScanContext, str] = {
    ScanContext.BILL_ACCOUNT: "bill",
    ScanContext.PAYMENT_CODE: "payment",
    ScanContext.ID_NUMBER: "id",
    ScanContext.CASE_NUMBER: "case",
    ScanContext.CERTIFICATE: "certificate",
    ScanContext.LICENCE: "licence",
}


@dataclass(frozen=True)
class CodeRules:
    """What numbers look like in this region: regular expressions for the whole text, ASCII only.

    `ecny`: take 19 digits from 01 for a digital-yuan payment code, which no public standard confirms.
    """

    bill_account: str = DEFAULT_BILL_ACCOUNT
    case_number: str = DEFAULT_CASE_NUMBER
    certificate_link: str = DEFAULT_CERTIFICATE_LINK
    ecny: bool = False

    @cached_property
    def matchers(self) -> dict[str, Callable[[str], CodeKind | None]]:
        """In the order in which they are tried when the screen wants something else. Raises re.error."""
        account, case, link = (
            re.compile(pattern, re.ASCII) for pattern in (self.bill_account, self.case_number, self.certificate_link)
        )

        def certificate(text: str) -> CodeKind | None:
            if is_certificate_id(text):
                return CodeKind.CERTIFICATE_ID
            return CodeKind.CERTIFICATE_LINK if link.fullmatch(text) else None

        return {
            "certificate": certificate,
            "case": lambda text: CodeKind.CASE_NUMBER if case.fullmatch(text) else None,
            "bill": lambda text: CodeKind.BILL_ACCOUNT if account.fullmatch(text) else None,
            "id": lambda text: CodeKind.ID_NUMBER if is_citizen_number(text.upper()) else None,
            "payment": self._payment,
            "licence": lambda text: CodeKind.BUSINESS_LICENCE if _LICENCE.fullmatch(text) else None,
        }

    def _payment(self, text: str) -> CodeKind | None:
        if self.ecny and _ECNY.fullmatch(text):
            return CodeKind.ECNY_PAYMENT
        return next((kind for kind, shape in _PAYMENT_CODES if shape.fullmatch(text)), None)


STANDARD_RULES = CodeRules()


def classify(text: str, context: ScanContext, rules: CodeRules = STANDARD_RULES) -> ScannedCode:
    """The code without surrounding blanks and its kind; what the screen asks for is looked for first."""
    text = text.strip()
    matchers = rules.matchers
    wanted = _WANTED[context]
    for rule in (wanted, *(name for name in matchers if name != wanted)):
        if kind := matchers[rule](text):
            return ScannedCode(kind, text.upper() if kind is CodeKind.ID_NUMBER else text, _doubt(text, kind))
    return ScannedCode(CodeKind.OTHER, text)


def _doubt(text: str, kind: CodeKind) -> CodeKind | None:
    """18 digits that are a WeChat code as well as somebody's number: one payment code in some ten thousand is."""
    if kind is CodeKind.WECHAT_PAYMENT and is_citizen_number(text) and int(text[6:10]) in _BIRTH_YEARS:
        return CodeKind.ID_NUMBER
    return None
