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
    CASE_NUMBER = "case-number"  # 办件编号, from an acceptance slip
    CERTIFICATE = "certificate"  # a certificate's identifier, or the link in its QR code
    LICENCE = "licence"  # an electronic business licence


class CodeKind(StrEnum):
    BILL_ACCOUNT = "bill-account"
    WECHAT_PAYMENT = "wechat-payment"
    ALIPAY_PAYMENT = "alipay-payment"
    UNIONPAY_PAYMENT = "unionpay-payment"
    ECNY_PAYMENT = "ecny-payment"
    ID_NUMBER = "id-number"
    CASE_NUMBER = "case-number"
    CERTIFICATE_ID = "certificate-id"
    CERTIFICATE_LINK = "certificate-link"
    BUSINESS_LICENCE = "business-licence"
    OTHER = "other"


@dataclass(frozen=True, repr=False)
class ScannedCode:
    """`repr` masks the text: a payment code is a secret.

    `or_else`: what it may be just as well; before money moves the screen asks the resident which it is.
    """

    kind: CodeKind
    text: str
    or_else: CodeKind | None = None

    def __repr__(self) -> str:
        return f"ScannedCode(kind={self.kind.value}, …)"


class CodeScanner(Device, Protocol):
    async def scan(self, context: ScanContext) -> ScannedCode:
        """Switch the beam on and wait for one code; cancelling switches it off. Never returns while offline
        (the keypad beside it still works)."""
