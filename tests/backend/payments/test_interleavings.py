"""Two workers at one payment, answers that are out of date, and answers to another question."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from backend.contract.kiosk_api import PaymentState
from backend.payments import state as states
from backend.payments.models import PaymentRow
from backend.payments.worker import PaymentWorker
from backend.sandbox import alipay as gateway
from backend.sandbox.trades import BusinessError
from tests.backend.house import House
from tests.backend.payments.conftest import (
    AMOUNT,
    assert_books_agree,
    begin,
    expire,
    get,
    ledger,
    post,
    sweep,
)

PRINTED, UNPRINTABLE = {"outcome": "printed"}, {"outcome": "unprintable"}


def worker_of(house: House) -> PaymentWorker:
    worker: PaymentWorker = house.backend.state.payment_worker
    return worker


async def stored(house: House) -> PaymentRow:
    row = await worker_of(house).read("intent-00001")
    assert row is not None
    return row


async def paid_not_booked(house: House) -> PaymentRow:
    """The gateway has told of the money; nobody has gone to the department yet."""
    payment = await begin(house)
    await house.pay(payment["qr_code"])
    await house.sandbox.state.notifier.drain()
    row = await stored(house)
    assert (row.state, row.posting_at) == (PaymentState.PAID, None)
    return row


def asked(house: House, part: bytes) -> list[bytes]:
    """From now on: the requests to the gateway or the exchange that contain `part`."""
    seen: list[bytes] = []

    def note(request: httpx.Request, response: httpx.Response | None) -> None:
        if response is None and (part in request.content or part in request.url.raw_path):
            seen.append(request.content)

    house.streets.fault = note
    return seen


@pytest.mark.parametrize(("action", "body"), [("refund", {"reason": "paper-out"}), ("receipt", UNPRINTABLE)])
async def test_refunded_while_a_worker_goes_to_book(house: House, action: str, body: dict[str, str]) -> None:
    """It has read PAID; then the money goes back; then it comes to the department's door."""
    row = await paid_not_booked(house)
    posts = asked(house, b"water.post")
    assert (await post(house, action, body))["state"] == "refunded"
    await worker_of(house)._post(row)
    assert posts == []
    assert not house.sandbox.state.sandbox.water_postings
    await assert_books_agree(house)


@pytest.mark.parametrize("heard", ["already-paid", None])
async def test_bad_news_that_is_out_of_date(house: House, monkeypatch: pytest.MonkeyPatch, heard: str | None) -> None:
    """A worker that hears a no, or nothing for too long, after another one has booked gives nothing back."""
    row = await paid_not_booked(house)
    worker = worker_of(house)
    real = worker.exchange.call

    async def late(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        answer = await real(operation, params)
        await worker.change(row, lambda session, current: states.booked(session, current, worker.clock()))
        if heard is not None:
            return {"result": heard}
        await house.control(departments={"water": {"down": True}})
        row.paid_at = datetime.now(UTC) - timedelta(hours=1)
        await real(operation, params)  # Refused
        return answer

    monkeypatch.setattr(worker.exchange, "call", late)
    await worker._post(row)
    seen = await stored(house)
    assert (seen.state, seen.posted_at is not None) == (PaymentState.PAID, True)
    await assert_books_agree(house)


@pytest.mark.parametrize(("said", "state"), [("already-paid", "refunded"), ("maintenance", "paid")])
async def test_only_a_documented_no_gives_the_money_back(
    house: House, monkeypatch: pytest.MonkeyPatch, said: str, state: str
) -> None:
    await paid_not_booked(house)
    worker = worker_of(house)
    real = worker.exchange.call

    async def answer(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"result": said} if operation == "water.post" else await real(operation, params)

    with monkeypatch.context() as patch:
        patch.setattr(worker.exchange, "call", answer)
        assert (await get(house))["state"] == state
    if state == "paid":
        assert (await get(house))["posted"] is True
    await assert_books_agree(house)


async def test_a_slip_before_the_booking_is_not_final(house: House) -> None:
    await paid_not_booked(house)
    await house.control(departments={"water": {"down": True}})
    assert (await post(house, "receipt", PRINTED))["state"] == "paid"
    await house.control(departments={"water": {}})
    assert (await get(house))["state"] == "paid"  # booked now; the kiosk has still to say that the slip is out
    assert (await post(house, "refund", {"reason": "paper-out"}))["state"] == "refunded"
    await assert_books_agree(house)


async def over(house: House) -> None:
    """No code can live any more."""
    async with house.backend.state.sessions() as session:
        row = await session.get(PaymentRow, "intent-00001")
        assert row is not None
        row.expires_at = datetime.now(UTC) - timedelta(hours=1)
        await session.commit()


async def test_the_watch_ends_with_an_answer_not_with_silence(house: House) -> None:
    payment = await begin(house)
    await post(house, "close")
    await house.control(alipay={"pay_after_close": True, "notify": "none"})
    await house.pay(payment["qr_code"])
    await house.control(alipay={"down": True})
    await over(house)
    await sweep(house, 2)
    assert (await stored(house)).state == PaymentState.CLOSED
    await house.control(alipay={})
    await sweep(house, 2)
    assert (await stored(house)).state == PaymentState.REFUNDED
    await assert_books_agree(house)


async def test_the_watch_ends(house: House) -> None:
    await begin(house)
    await post(house, "close")
    await sweep(house)
    assert (await stored(house)).next_at is not None
    await over(house)
    await sweep(house)
    assert (await stored(house)).next_at is None


async def test_scanned_after_it_was_given_up(house: House) -> None:
    """The cancel found nothing, the code lived on, a wallet has it open: it is closed now."""
    await house.control(alipay={"cancel_keeps_qr": True, "notify": "none"})
    payment = await begin(house)
    await post(house, "close")
    await house.pay(payment["qr_code"], "cancelled")
    await sweep(house)
    assert (await house.pay(payment["qr_code"])).json()["reason"] == "CLOSED"
    assert await ledger(house) == {}


async def test_cancel_is_repeated_when_the_gateway_asks_for_it(house: House) -> None:
    await house.control(alipay={"cancel_retry": 2})
    payment = await begin(house)
    cancels = asked(house, b"alipay.trade.cancel")
    await post(house, "close")
    assert len(cancels) == 3
    assert (await house.pay(payment["qr_code"])).status_code == 409


async def test_a_lost_cancel_is_repeated(house: House) -> None:
    payment = await begin(house)

    def lose(request: httpx.Request, response: httpx.Response | None) -> None:
        if response is None and b"alipay.trade.cancel" in request.content:
            raise httpx.ReadTimeout("lost", request=request)

    house.streets.fault = lose
    assert (await post(house, "close"))["state"] == "closed"
    house.streets.fault = lambda request, response: None
    await sweep(house)
    assert (await house.pay(payment["qr_code"])).status_code == 409


@pytest.mark.parametrize("method", ["query", "precreate", "refund", "fastpay.refund.query"])
async def test_a_true_answer_about_another_order(house: House, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """Signed by the gateway, but not about what was asked: nobody knows."""
    other = await begin(house, "intent-00002", "035012340002")
    if method != "precreate":
        await house.pay(other["qr_code"])
    name = f"alipay.trade.{method}"
    real = gateway.METHODS[name]

    def mixed_up(trades: Any, content: dict[str, str], params: Any, notifier: Any) -> Any:
        answer = real(trades, content, params, notifier)
        return answer | {"out_trade_no": other["out_trade_no"]}

    payment = await begin(house)
    if method == "precreate":
        monkeypatch.setitem(gateway.METHODS, name, mixed_up)
        assert (await begin(house, "intent-00003"))["state"] == "unknown"
        return
    await house.pay(payment["qr_code"])
    await house.sandbox.state.notifier.drain()
    client = worker_of(house).alipay
    if method == "query":
        assert (await client.query(payment["out_trade_no"])) is not None
        monkeypatch.setitem(gateway.METHODS, name, mixed_up)
        assert (await client.query(payment["out_trade_no"])) is None
        return
    monkeypatch.setitem(gateway.METHODS, name, mixed_up)
    if method == "refund":
        monkeypatch.setitem(gateway.METHODS, "alipay.trade.fastpay.refund.query", lambda *_: {})
        await get(house)
        assert (await post(house, "refund", {"reason": "mistake"}))["state"] == "refunding"
        return
    await client.refund(payment["out_trade_no"], AMOUNT, "R1", "mistake")
    assert await client.refunded(payment["out_trade_no"], "R1") is None


@pytest.mark.parametrize(
    ("fields", "done"),
    [
        ({"refund_status": "REFUND_SUCCESS"}, True),
        ({"refund_amount": "43.40", "out_request_no": "R1"}, True),
        ({"refund_amount": "43.40", "out_request_no": "R1", "refund_status": "REFUND_PROCESSING"}, False),
        ({"refund_amount": "43.40"}, False),
        ({"refund_amount": "0.00", "out_request_no": "R1"}, False),
        ({"refund_amount": "43.40", "out_request_no": "R2"}, None),
        ({}, False),
    ],
)
async def test_when_a_refund_is_done(
    house: House, monkeypatch: pytest.MonkeyPatch, fields: dict[str, str], done: bool | None
) -> None:
    monkeypatch.setitem(gateway.METHODS, "alipay.trade.fastpay.refund.query", lambda *_: fields)
    assert await worker_of(house).alipay.refunded("K1", "R1") is done


async def test_a_refund_that_keeps_being_refused_is_shouted_about(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await paid_not_booked(house)

    def refuse(*_: Any) -> Any:
        raise BusinessError("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setitem(gateway.METHODS, "alipay.trade.refund", refuse)
        await post(house, "refund", {"reason": "paper-out"})
        assert not [line for line in logs if line["event"] == "refund_keeps_being_refused"]
        await sweep(house, 5)
        shouted = [line for line in logs if line["event"] == "refund_keeps_being_refused"]
        assert shouted
        assert (shouted[0]["log_level"], shouted[0]["sub_code"]) == ("error", "ACQ.SELLER_BALANCE_NOT_ENOUGH")
    await sweep(house)
    assert (await stored(house)).state == PaymentState.REFUNDED


async def test_a_worker_without_its_lease_stops(house: House) -> None:
    await paid_not_booked(house)
    worker = worker_of(house)
    token = await worker.leases.take("intent-00001")
    assert token is not None
    assert await worker.leases.renew("intent-00001", token)
    await worker.advance_leased("intent-00001", "somebody else's")
    assert (await stored(house)).posting_at is None
    await worker.advance_leased("intent-00001", token)
    assert (await stored(house)).posted_at is not None


async def test_a_worker_that_is_late_does_not_close_a_code_that_is_shown(house: House) -> None:
    """It has read the order before there was a code, and its own request was not sent."""
    row = await stored_before_code(house)
    door = house.streets.doors.pop("sandbox.invalid")
    await worker_of(house)._obtain_code(row)
    await worker_of(house)._give_up(row)
    house.streets.doors["sandbox.invalid"] = door
    assert (await stored(house)).state in (PaymentState.PENDING, PaymentState.UNKNOWN)


async def stored_before_code(house: House) -> PaymentRow:
    await begin(house)
    row = await stored(house)
    row.qr_code, row.state = None, PaymentState.CREATED.value
    return row


async def test_expired_unseen(house: House) -> None:
    await begin(house)
    await expire(house)
    await sweep(house)
    assert (await stored(house)).state == PaymentState.CLOSED
