"""The steps that the tests of payments share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update

from backend.payments.ledger import balances
from backend.payments.models import PaymentRow
from tests.backend.house import House

ACCOUNT, AMOUNT = "035012342718", 4340


async def look_up(house: House, account: str = ACCOUNT, kiosk: str = "kiosk-1") -> dict[str, Any]:
    response = await house.call("POST", "/bills/query", {"service_id": "water-bill", "account": account}, kiosk)
    assert response.status_code == 200, response.text
    bill: dict[str, Any] = response.json()
    return bill


def request_of(bill: dict[str, Any], intent: str = "intent-00001", **changes: Any) -> dict[str, Any]:
    return {
        "intent_id": intent,
        "service_id": "water-bill",
        "bill_id": bill["bill_id"],
        "amount_fen": bill["amount_fen"],
        "channel": "alipay_qr",
        **changes,
    }


async def begin(house: House, intent: str = "intent-00001", account: str = ACCOUNT) -> dict[str, Any]:
    """Look up a bill and begin to pay it."""
    response = await house.call("POST", "/payments", request_of(await look_up(house, account), intent))
    assert response.status_code == 200, response.text
    payment: dict[str, Any] = response.json()
    return payment


async def get(house: House, intent: str = "intent-00001") -> dict[str, Any]:
    """GET, as if the last one was long ago."""
    await forget_waiting(house)
    payment: dict[str, Any] = (await house.call("GET", f"/payments/{intent}")).json()
    return payment


async def post(house: House, action: str, body: Any = None, intent: str = "intent-00001") -> dict[str, Any]:
    response = await house.call("POST", f"/payments/{intent}/{action}", body)
    assert response.status_code == 200, response.text
    payment: dict[str, Any] = response.json()
    return payment


async def forget_waiting(house: House) -> None:
    """Everything is due now: no test waits for a back-off."""
    async with house.backend.state.sessions() as session:
        await session.execute(update(PaymentRow).values(touched_at=None))
        await session.execute(
            update(PaymentRow).where(PaymentRow.next_at.is_not(None)).values(next_at=datetime(2020, 1, 1, tzinfo=UTC))
        )
        await session.commit()


async def sweep(house: House, times: int = 1) -> None:
    for _ in range(times):
        await forget_waiting(house)
        await house.backend.state.sweeper.sweep()


async def expire(house: House) -> None:
    """The QR code's time is over."""
    async with house.backend.state.sessions() as session:
        await session.execute(update(PaymentRow).values(expires_at=datetime.now(UTC)))
        await session.commit()


async def ledger(house: House) -> dict[str, int]:
    async with house.backend.state.sessions() as session:
        return await balances(session)


async def gateway_total(house: House) -> int:
    """What the gateway's own bill says it owes us, in fen."""
    lines = (await house.sandbox_call("GET", "/alipay/bill")).json()
    return sum(line["amount_fen"] for line in lines)


async def assert_books_agree(house: House) -> None:
    """Double entry adds up to zero, and the gateway's bill says the same as our books."""
    books = await ledger(house)
    assert sum(books.values()) == 0
    assert books.get("gateway-receivable", 0) == await gateway_total(house)
    booked = house.sandbox.state.sandbox.water_postings
    assert -books.get("department-payable", 0) == sum(amount for _, amount in booked.values())
