"""What a gateway says about an order, whoever brings it: a notification, a query, the bill of the next day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FactKind(StrEnum):
    NOT_EXIST = "not-exist"  # nobody has scanned the QR code yet: neither paid nor failed
    WAITING = "waiting"  # scanned, not paid
    PAID = "paid"
    CLOSED = "closed"  # never paid, and never can be
    REFUNDED = "refunded"  # was paid, all of it has been given back


@dataclass(frozen=True)
class Fact:
    kind: FactKind
    amount_fen: int | None = None
    trade_no: str | None = None  # the gateway's number
    paid_at: datetime | None = None
