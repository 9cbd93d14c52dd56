"""Notifications: true ones once, everything else not at all."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from backend.sandbox.notify import Notifier
from tests.backend.house import BACKEND, House
from tests.backend.payments.conftest import AMOUNT, assert_books_agree, begin, get, ledger, post


async def send(house: House, fields: dict[str, str], *, forged: bool = False, **changes: Any) -> str:
    """Notify with `changes`, signed by the gateway (or by a stranger)."""
    fields = {**fields, **changes}
    fields["sign"] = house.sandbox.state.keys.sign_notification(fields, forged=forged)
    return await send_raw(house, fields)


async def send_raw(house: House, fields: Any) -> str:
    async with httpx.AsyncClient(transport=house.streets, base_url=BACKEND) as client:
        if isinstance(fields, dict):
            return (await client.post("/pay/alipay/notify", data=fields)).text
        return (await client.post("/pay/alipay/notify", content=fields)).text


async def paid_fields(house: House) -> dict[str, str]:
    """Pay silently and return what the gateway would say."""
    await house.control(alipay={"notify": "none"})
    payment = await begin(house)
    await house.pay(payment["qr_code"])
    notifier: Notifier = house.sandbox.state.notifier
    return notifier._fields(house.sandbox.state.trades.query(payment["out_trade_no"]))


async def stored_state(house: House) -> str:
    row = await house.backend.state.payment_worker.read("intent-00001")
    return str(row.state)


async def test_true_notification(house: House) -> None:
    assert await send(house, await paid_fields(house)) == "success"
    assert await stored_state(house) == "paid"
    await assert_books_agree(house)


async def test_twice(house: House) -> None:
    fields = await paid_fields(house)
    assert [await send(house, fields) for _ in range(3)] == ["success"] * 3
    assert (await ledger(house))["gateway-receivable"] == AMOUNT


WRONG: list[dict[str, Any]] = [
    {"app_id": "2021000000009999"},
    {"seller_id": "2088000000009999"},
    {"total_amount": "43.39"},
    {"total_amount": "43.4x"},
    {"total_amount": ""},
    {"out_trade_no": "K00000000000000000000"},
    {"out_trade_no": ""},
    {"trade_status": "TRADE_WONDERFUL"},
]


async def test_signed_but_wrong(house: House) -> None:
    fields = await paid_fields(house)
    for changes in WRONG:
        assert await send(house, fields, **changes) == "fail", changes
        assert await stored_state(house) == "pending", changes
    assert await ledger(house) == {}


async def test_forged(house: House) -> None:
    assert await send(house, await paid_fields(house), forged=True) == "fail"
    assert await stored_state(house) == "pending"


async def test_altered_after_signing(house: House) -> None:
    fields = await paid_fields(house)
    fields["sign"] = house.sandbox.state.keys.sign_notification(fields)
    assert await send_raw(house, {**fields, "trade_no": "2026000000000000"}) == "fail"
    assert await stored_state(house) == "pending"


async def test_nonsense(house: House) -> None:
    for body in (b"", b"sign=", b"\xff\xfe", b"a=1&a=2", b"&".join(b"k=v" for _ in range(500))):
        assert await send_raw(house, body) == "fail", body


async def test_waiting_is_no_payment(house: House) -> None:
    assert await send(house, await paid_fields(house), trade_status="WAIT_BUYER_PAY") == "success"
    assert await stored_state(house) == "pending"


async def test_refund_notification_is_no_payment(house: House) -> None:
    fields = await paid_fields(house)
    await get(house)
    await post(house, "refund", {"reason": "paper-out"})
    before = await ledger(house)
    told: dict[str, Any] = {
        "trade_status": "TRADE_CLOSED",
        "gmt_refund": "2026-11-22 10:00:00.000",
        "refund_fee": "43.40",
    }
    assert await send(house, fields, **told) == "success"
    assert await send(house, fields) == "success"  # and the old one comes late
    assert await stored_state(house) == "refunded"
    assert await ledger(house) == before


async def test_partial_refund_notification_is_no_payment(house: House) -> None:
    """TRADE_SUCCESS with a refund_fee tells of money going back, whatever we knew before."""
    fields = await paid_fields(house)
    assert await send(house, fields, gmt_refund="2026-11-22 10:00:00.000", refund_fee="10.00") == "success"
    assert await stored_state(house) == "pending"
    assert await ledger(house) == {}


async def test_nothing_given_back_is_a_payment(house: House) -> None:
    assert await send(house, await paid_fields(house), refund_fee="0.00") == "success"
    assert await stored_state(house) == "paid"


async def test_a_refund_that_makes_no_sense(house: House) -> None:
    assert await send(house, await paid_fields(house), refund_fee="some") == "fail"
    assert await stored_state(house) == "pending"


@pytest.mark.parametrize(
    ("ours", "fee", "shouts"), [(True, "43.40", False), (True, "10.00", True), (False, "43.40", True)]
)
async def test_a_refund_made_elsewhere_is_shouted_about(house: House, ours: bool, fee: str, shouts: bool) -> None:
    fields = await paid_fields(house)
    await get(house)
    if ours:
        await post(house, "refund", {"reason": "paper-out"})
    with capture_logs() as logs:
        assert await send(house, fields, gmt_refund="2026-11-22 10:00:00.000", refund_fee=fee) == "success"
    errors = [line["event"] for line in logs if line["log_level"] == "error"]
    assert errors == (["payment_refunded_elsewhere"] if shouts else [])


async def test_the_sandbox_notifies_by_itself_until_it_is_heard(house: House) -> None:
    payment = await begin(house)
    heard: list[bytes] = []

    def deaf_at_first(request: httpx.Request, response: httpx.Response | None) -> None:
        if request.url.path == "/pay/alipay/notify" and response is None:
            heard.append(request.content)
            if len(heard) < 3:
                raise httpx.ConnectError("deaf")

    house.streets.fault = deaf_at_first
    await house.pay(payment["qr_code"])
    await house.sandbox.state.notifier.drain()
    assert len(heard) == 3
    assert await stored_state(house) == "paid"


@pytest.mark.parametrize(("mode", "state"), [("duplicate", "paid"), ("forged", "pending"), ("delayed", "paid")])
async def test_the_sandbox_notifies_wrongly(house: House, mode: str, state: str) -> None:
    await house.control(alipay={"notify": mode, "notify_delay_s": 0.05})
    payment = await begin(house)
    await house.pay(payment["qr_code"])
    await house.sandbox.state.notifier.drain()
    assert await stored_state(house) == state
    assert sum((await ledger(house)).values()) == 0
