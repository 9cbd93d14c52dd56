"""The ledger: what the gateway owes us, what we hold for residents, what we owe the departments."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.payments.models import LedgerEntry, PaymentRow


class Account(StrEnum):
    GATEWAY_RECEIVABLE = "gateway-receivable"  # the gateway has the money and owes it to us
    RESIDENT_DEPOSIT = "resident-deposit"  # paid, neither booked by the department nor given back
    DEPARTMENT_PAYABLE = "department-payable"  # booked: owed to the department


class Movement(StrEnum):
    """Each is a transfer of the payment's whole amount: (debit, credit)."""

    PAID = "paid"
    POSTED = "posted"
    REVERSED = "reversed"
    REFUNDED = "refunded"


TRANSFERS = {
    Movement.PAID: (Account.GATEWAY_RECEIVABLE, Account.RESIDENT_DEPOSIT),
    Movement.POSTED: (Account.RESIDENT_DEPOSIT, Account.DEPARTMENT_PAYABLE),
    Movement.REVERSED: (Account.DEPARTMENT_PAYABLE, Account.RESIDENT_DEPOSIT),
    Movement.REFUNDED: (Account.RESIDENT_DEPOSIT, Account.GATEWAY_RECEIVABLE),
}


def book(session: AsyncSession, payment: PaymentRow, movement: Movement, at: datetime) -> None:
    """Enter a movement; the database refuses to enter the same one twice."""
    debit, credit = TRANSFERS[movement]
    for account, amount in ((debit, payment.amount_fen), (credit, -payment.amount_fen)):
        session.add(
            LedgerEntry(
                transaction_id=f"{payment.out_trade_no}:{movement.value}",
                intent_id=payment.intent_id,
                account=account.value,
                amount_fen=amount,
                at=at,
            )
        )


async def balances(session: AsyncSession) -> dict[str, int]:
    """Fen by account; they add up to zero."""
    rows = await session.execute(
        select(LedgerEntry.account, func.sum(LedgerEntry.amount_fen)).group_by(LedgerEntry.account)
    )
    return {account: int(total) for account, total in rows}
