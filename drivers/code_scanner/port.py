"""What the kiosk asks of any code scanner."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.device import Device


class ScanContext(StrEnum):
    """The screen the resident is on: an 18-digit ID number looks just like a WeChat payment code."""

    BILL_ACCOUNT = "bill-account"
    PAYMENT_CODE = "payment-code"
    ID_NUMBER = "id-number"


class CodeKind(StrEnum):
    BILL_ACCOUNT = "bill-account"
    WECHAT_PAYMENT = "wechat-payment"
    ALIPAY_PAYMENT = "alipay-payment"
    UNIONPAY_PAYMENT = "unionpay-payment"
    ID_NUMBER = "id-number"
    OTHER = "other"


@dataclass(frozen=True, repr=False)
class ScannedCode:
    """`repr` masks the text: a payment code is a secret."""

    kind: CodeKind
    text: str

    def __repr__(self) -> str:
        return f"ScannedCode(kind={self.kind.value}, …)"


class CodeScanner(Device, Protocol):
    async def scan(self, context: ScanContext) -> ScannedCode:
        """Switch the beam on and wait for one code; cancelling switches it off. Never returns while offline
        (the keypad beside it still works)."""
