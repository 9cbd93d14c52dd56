"""The payer's wallet refuses: nothing has moved, the trade stays open, and another attempt succeeds.

Device: backend
Resident: 没付成？换一张银行卡或零钱，再扫一次。付了款没出凭条，钱会自动原路退回。
Staff: none
"""

from __future__ import annotations

import pytest

from tests.backend.house import House
from tests.backend.payments.conftest import AMOUNT, assert_books_agree, begin, get, ledger, post


@pytest.mark.parametrize("why", ["insufficient", "risk"])
async def test_refused_then_paid(house: House, why: str) -> None:
    payment = await begin(house)
    assert (await house.pay(payment["qr_code"], why)).json()["paid"] is False
    assert (await get(house))["state"] == "pending"
    assert await ledger(house) == {}
    assert (await house.pay(payment["qr_code"])).json()["paid"] is True
    paid = await get(house)
    assert (paid["state"], paid["posted"]) == ("paid", True)
    assert (await ledger(house))["gateway-receivable"] == AMOUNT
    await assert_books_agree(house)


async def test_refused_then_given_up_then_another_attempt(house: House) -> None:
    first = await begin(house)
    await house.pay(first["qr_code"], "insufficient")
    assert (await post(house, "close"))["state"] == "closed"
    assert (await house.pay(first["qr_code"])).status_code == 409
    assert await ledger(house) == {}
    second = await begin(house, "intent-00002")
    await house.pay(second["qr_code"])
    assert (await get(house, "intent-00002"))["state"] == "paid"
    assert (await ledger(house))["gateway-receivable"] == AMOUNT
    await assert_books_agree(house)
