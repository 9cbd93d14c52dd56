"""The gateway tells the same thing again and again, also after the money went back: it counts once.

Device: backend
Resident: (nothing: the payment counts once)
Staff: none
"""

from __future__ import annotations

import asyncio

import httpx

from tests.backend.house import BACKEND, House
from tests.backend.payments.conftest import AMOUNT, assert_books_agree, begin, get, ledger, post


async def test_three_times(house: House) -> None:
    await house.control(alipay={"notify": "duplicate"})
    payment = await begin(house)
    await house.pay(payment["qr_code"])
    await house.sandbox.state.notifier.drain()
    assert (await ledger(house)) == {"gateway-receivable": AMOUNT, "resident-deposit": -AMOUNT}
    assert (await get(house))["posted"] is True
    await assert_books_agree(house)


async def test_at_once_and_again_after_the_refund(house: House) -> None:
    await house.control(alipay={"notify": "none"})
    payment = await begin(house)
    await house.pay(payment["qr_code"])
    fields = house.sandbox.state.notifier._fields(house.sandbox.state.trades.query(payment["out_trade_no"]))
    fields["sign"] = house.sandbox.state.keys.sign_notification(fields)
    async with httpx.AsyncClient(transport=house.streets, base_url=BACKEND) as gateway:
        at_once = await asyncio.gather(*(gateway.post("/pay/alipay/notify", data=fields) for _ in range(4)))
        assert [answer.text for answer in at_once] == ["success"] * 4
        assert (await ledger(house))["gateway-receivable"] == AMOUNT
        assert (await post(house, "refund", {"reason": "paper-out"}))["state"] == "refunded"
        assert (await gateway.post("/pay/alipay/notify", data=fields)).text == "success"
    assert (await get(house))["state"] == "refunded"
    assert set((await ledger(house)).values()) == {0}
    await assert_books_agree(house)
