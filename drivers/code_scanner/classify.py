"""What a scanned text is, given the screen the resident is on.

Payment codes are told by length and prefix, as the gateways' own manuals do: WeChat Pay 18 digits from 10 to 15,
Alipay 16 to 24 digits from 25 to 30, UnionPay QR 19 digits from 62. A citizen number of Beijing to Inner Mongolia
(11 to 15) has the shape of a WeChat code; only the screen can tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from drivers.code_scanner.port import CodeKind, ScanContext, ScannedCode
from drivers.gb11643 import is_citizen_number

DEFAULT_BILL_ACCOUNT = r"\d{12}"

_PAYMENT_CODES = (
    (CodeKind.WECHAT_PAYMENT, re.compile(r"1[0-5][0-9]{16}")),
    (CodeKind.ALIPAY_PAYMENT, re.compile(r"(?:2[5-9]|30)[0-9]{14,22}")),
    (CodeKind.UNIONPAY_PAYMENT, re.compile(r"62[0-9]{17}")),
)

_ORDER: dict[ScanContext, tuple[str, str, str]] = {
    ScanContext.BILL_ACCOUNT: ("bill", "id", "payment"),
    ScanContext.PAYMENT_CODE: ("payment", "bill", "id"),
    ScanContext.ID_NUMBER: ("id", "bill", "payment"),
}


def classify(text: str, context: ScanContext, bill_account: str = DEFAULT_BILL_ACCOUNT) -> ScannedCode:
    """The code without surrounding blanks and its kind; what the screen asks for is looked for first.

    `bill_account` is a regular expression for the whole text, ASCII only.
    """
    text = text.strip()
    account = re.compile(bill_account, re.ASCII)
    rules: dict[str, Callable[[str], CodeKind | None]] = {
        "bill": lambda code: CodeKind.BILL_ACCOUNT if account.fullmatch(code) else None,
        "payment": _payment,
        "id": lambda code: CodeKind.ID_NUMBER if is_citizen_number(code.upper()) else None,
    }
    for rule in _ORDER[context]:
        if kind := rules[rule](text):
            return ScannedCode(kind, text.upper() if kind is CodeKind.ID_NUMBER else text)
    return ScannedCode(CodeKind.OTHER, text)


def _payment(text: str) -> CodeKind | None:
    return next((kind for kind, shape in _PAYMENT_CODES if shape.fullmatch(text)), None)
