"""A stranger says that the bill has been paid: nothing is credited or booked; the true payment still counts.

Device: backend
Resident: (nothing: a stranger's message changes nothing)
Staff: none
"""

from __future__ import annotations

import httpx
from structlog.testing import capture_logs

from tests.backend.house import BACKEND, House
from tests.backend.payments.conftest import AMOUNT, assert_books_agree, begin, get, ledger, sweep


async def test_forged_for_an_order_nobody_has_paid(house: House) -> None:
    payment = await begin(house)
    trade = house.sandbox.state.trades.scan(payment["qr_code"])
    fields = house.sandbox.state.notifier._fields(trade) | {"trade_status": "TRADE_SUCCESS"}
    fields["sign"] = house.sandbox.state.keys.sign_notification(fields, forged=True)
    async with httpx.AsyncClient(transport=house.streets, base_url=BACKEND) as stranger:
        with capture_logs() as logs:
            assert (await stranger.post("/pay/alipay/notify", data=fields)).text == "fail"
    assert [line["reason"] for line in logs if line["event"] == "alipay_notification_refused"] == ["signature"]
    await sweep(house, 2)
    assert (await get(house))["state"] == "pending"
    assert await ledger(house) == {}
    assert not house.sandbox.state.sandbox.water_postings
    await assert_books_agree(house)


async def test_forged_while_the_true_one_never_comes(house: House) -> None:
    """The payer did pay: what counts is what the gateway says when it is asked."""
    await house.control(alipay={"notify": "forged"})
    payment = await begin(house)
    await house.pay(payment["qr_code"])
    await house.sandbox.state.notifier.drain()
    assert await ledger(house) == {}
    assert (await get(house))["state"] == "paid"
    assert (await ledger(house))["gateway-receivable"] == AMOUNT
    await assert_books_agree(house)
