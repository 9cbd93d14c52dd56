"""Paying a bill: the good way, and everything that gets in between."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from backend.contract.kiosk_api import PaymentRequest
from tests.backend.house import House
from tests.backend.payments.conftest import (
    AMOUNT,
    assert_books_agree,
    begin,
    expire,
    get,
    ledger,
    look_up,
    post,
    request_of,
    sweep,
)

PRINTED, UNPRINTABLE = {"outcome": "printed"}, {"outcome": "unprintable"}


async def test_paid_booked_delivered(house: House) -> None:
    payment = await begin(house)
    assert payment["state"] == "pending"
    assert payment["qr_code"].startswith("https://qr.example.invalid/bax")
    assert (await get(house))["state"] == "pending"  # TRADE_NOT_EXIST is not a failure
    await house.control(alipay={"notify": "none"})
    await house.pay(payment["qr_code"])
    paid = await get(house)  # noticed by asking
    assert (paid["state"], paid["posted"]) == ("paid", True)
    assert paid["trade_no"]
    assert paid["paid_at"]
    assert (await post(house, "receipt", PRINTED))["state"] == "delivered"
    assert (await post(house, "receipt", PRINTED))["state"] == "delivered"
    assert await ledger(house) == {"gateway-receivable": AMOUNT, "resident-deposit": 0, "department-payable": -AMOUNT}
    await assert_books_agree(house)


async def test_delivered_is_not_given_back(house: House) -> None:
    payment = await begin(house)
    await house.pay(payment["qr_code"])
    await get(house)
    await post(house, "receipt", PRINTED)
    assert (await post(house, "refund", {"reason": "mistake"}))["state"] == "delivered"
    assert (await post(house, "receipt", UNPRINTABLE))["state"] == "delivered"
    await assert_books_agree(house)


async def test_same_intent_same_payment(house: House) -> None:
    bill = await look_up(house)
    first = (await house.call("POST", "/payments", request_of(bill))).json()
    second = (await house.call("POST", "/payments", request_of(bill))).json()
    assert first == second
    await house.pay(first["qr_code"])
    await get(house)
    assert (await house.call("POST", "/payments", request_of(bill))).json()["state"] == "paid"


async def test_same_intent_other_content(house: House) -> None:
    bill = await look_up(house)
    await house.call("POST", "/payments", request_of(bill))
    other = await look_up(house, "035012340002")
    response = await house.call("POST", "/payments", request_of(other))
    assert (response.status_code, response.json()["code"]) == (409, "intent-conflict")


async def test_another_amount(house: House) -> None:
    response = await house.call("POST", "/payments", request_of(await look_up(house), amount_fen=AMOUNT - 1))
    assert (response.status_code, response.json()["code"]) == (409, "amount-changed")


async def test_another_kiosk_sees_nothing(house: House) -> None:
    bill = await look_up(house)
    assert (await house.call("POST", "/payments", request_of(bill), "kiosk-2")).status_code == 404
    await house.call("POST", "/payments", request_of(bill))
    assert (await house.call("GET", "/payments/intent-00001", None, "kiosk-2")).status_code == 404
    for action in ("close", "refund"):
        response = await house.call("POST", f"/payments/intent-00001/{action}", {"reason": "theirs"}, "kiosk-2")
        assert response.status_code == 404


async def test_a_bill_goes_out_of_date(house: House) -> None:
    house.settings.bill_ttl_s = 0
    response = await house.call("POST", "/payments", request_of(await look_up(house)))
    assert (response.status_code, response.json()["code"]) == (404, "not-found")


async def test_given_up(house: House) -> None:
    payment = await begin(house)
    assert (await post(house, "close"))["state"] == "closed"
    assert (await house.pay(payment["qr_code"])).status_code == 409  # the code is dead
    assert (await post(house, "close"))["state"] == "closed"
    assert await ledger(house) == {}


async def test_given_up_after_scanning(house: House) -> None:
    payment = await begin(house)
    await house.pay(payment["qr_code"], "insufficient")
    pending = await get(house)
    assert pending["state"] == "pending"  # the phone knows why, the merchant does not
    assert "refused" not in pending
    assert (await post(house, "close"))["state"] == "closed"
    assert (await house.pay(payment["qr_code"])).status_code == 409


async def test_refused_once_then_paid(house: House) -> None:
    payment = await begin(house)
    assert (await house.pay(payment["qr_code"], "insufficient")).json()["refused"] == "insufficient"
    await house.pay(payment["qr_code"])
    assert (await get(house))["state"] == "paid"


async def test_given_up_in_the_moment_of_paying(house: House) -> None:
    await house.control(alipay={"notify": "none"})
    payment = await begin(house)
    await house.pay(payment["qr_code"])
    closed = await post(house, "close")
    assert (closed["state"], closed["posted"]) == ("paid", True)


async def test_abandoned(house: House) -> None:
    await begin(house)
    await expire(house)
    await sweep(house)
    assert (await get(house))["state"] == "closed"


@pytest.mark.parametrize("notify", ["normal", "none"])
async def test_paid_after_close_goes_back(house: House, notify: str) -> None:
    payment = await begin(house)
    await post(house, "close")
    await house.control(alipay={"pay_after_close": True, "notify": notify})
    assert (await house.pay(payment["qr_code"])).status_code == 200
    await house.sandbox.state.notifier.drain()
    await sweep(house, 2)  # without a notification the closed order is watched for a while
    assert (await get(house))["state"] == "refunded"
    assert not house.sandbox.state.sandbox.water_postings
    await assert_books_agree(house)


async def test_paid_between_question_and_cancel(house: House) -> None:
    """The cancel refunds what was paid in the same moment; our books must know both."""
    payment = await begin(house)

    class Phone:
        paid = False

    def pay_at_cancel(request: httpx.Request, response: httpx.Response | None) -> None:
        if response is None and b"alipay.trade.cancel" in request.content and not Phone.paid:
            Phone.paid = True
            house.sandbox.state.trades.pay(payment["qr_code"])

    house.streets.fault = pay_at_cancel
    assert (await post(house, "close"))["state"] == "refunded"
    assert Phone.paid
    await assert_books_agree(house)
    assert await ledger(house) == {"gateway-receivable": 0, "resident-deposit": 0}


@pytest.mark.parametrize("ending", [UNPRINTABLE, None])
async def test_refund_takes_the_booking_back_first(house: House, ending: dict[str, str] | None) -> None:
    payment = await begin(house)
    await house.pay(payment["qr_code"])
    assert (await get(house))["posted"] is True
    done = await (post(house, "receipt", ending) if ending else post(house, "refund", {"reason": "paper-out"}))
    assert (done["state"], done["posted"]) == ("refunded", False)
    again = await post(house, "refund", {"reason": "paper-out"})
    assert again == done
    assert (await look_up(house))["amount_fen"] == AMOUNT  # due again
    assert set((await ledger(house)).values()) == {0}
    await assert_books_agree(house)


async def test_refund_whose_answer_is_lost(house: House) -> None:
    payment = await begin(house)
    await house.pay(payment["qr_code"])
    await get(house)
    await house.control(alipay={"lose_answers": 2})  # of the refund and of the question about it
    assert (await post(house, "refund", {"reason": "paper-out"}))["state"] == "refunding"
    await sweep(house)
    assert (await get(house))["state"] == "refunded"
    await assert_books_agree(house)


async def test_refund_waits_for_the_department(house: House) -> None:
    payment = await begin(house)
    await house.pay(payment["qr_code"])
    await get(house)
    await house.control(departments={"water": {"down": True}})
    assert (await post(house, "refund", {"reason": "paper-out"}))["state"] == "refunding"
    await assert_books_agree(house)  # booked and paid still
    await house.control(departments={"water": {"down": False}})
    assert (await get(house))["state"] == "refunded"
    await assert_books_agree(house)


@pytest.mark.parametrize("arrives", ["before the refund", "after the refund"])
async def test_refund_of_what_may_be_booked(house: House, arrives: str) -> None:
    """The department's answer is lost, or the booking itself is still on its way: it must not outlive the refund."""
    late: list[httpx.Request] = []

    def lose(request: httpx.Request, response: httpx.Response | None) -> None:
        if request.url.path.endswith("water.post") and (response is not None or arrives == "after the refund"):
            late.append(request)
            raise httpx.ReadTimeout("lost", request=request)

    house.streets.fault = lose
    payment = await begin(house)
    await house.pay(payment["qr_code"])
    assert (await get(house))["posted"] is False
    assert (await post(house, "refund", {"reason": "paper-out"}))["state"] == "refunded"
    house.streets.fault = lambda request, response: None
    if arrives == "after the refund":
        answer = await house.streets.doors["sandbox.invalid"].handle_async_request(late[0])
        assert b'"reversed"' in await answer.aread()
    assert not house.sandbox.state.sandbox.water_postings
    await assert_books_agree(house)


async def test_unpaid_is_not_refunded(house: House) -> None:
    await begin(house)
    assert (await post(house, "refund", {"reason": "mistake"}))["state"] == "pending"
    assert await ledger(house) == {}


async def test_department_down_when_booking(house: House) -> None:
    payment = await begin(house)
    await house.control(departments={"water": {"down": True}})
    await house.pay(payment["qr_code"])
    waiting = await get(house)
    assert (waiting["state"], waiting["posted"]) == ("paid", False)
    await house.control(departments={"water": {"down": False}})
    await sweep(house)
    booked = await get(house)
    assert (booked["state"], booked["posted"]) == ("paid", True)
    assert (await post(house, "receipt", PRINTED))["state"] == "delivered"
    await assert_books_agree(house)


async def test_not_bookable_goes_back(house: House) -> None:
    payment = await begin(house)
    house.sandbox.state.sandbox.water_postings["W2026100001"] = ("paid at the counter", AMOUNT)
    await house.pay(payment["qr_code"])
    assert (await get(house))["state"] == "refunded"
    assert set((await ledger(house)).values()) == {0}


async def test_gateway_unreachable(house: House) -> None:
    bill = await look_up(house)
    door = house.streets.doors.pop("sandbox.invalid")
    response = await house.call("POST", "/payments", request_of(bill))
    assert (response.status_code, response.json()["code"]) == (503, "gateway-down")
    house.streets.doors["sandbox.invalid"] = door
    again = await house.call("POST", "/payments", request_of(bill, "intent-00002"))
    assert again.json()["state"] == "pending"


async def test_answer_lost_then_asked_again(house: House) -> None:
    bill = await look_up(house)
    await house.control(alipay={"lose_answers": 1})
    unknown = (await house.call("POST", "/payments", request_of(bill))).json()
    assert (unknown["state"], unknown["qr_code"]) == ("unknown", None)
    found = await get(house)
    assert found["state"] == "pending"
    assert found["qr_code"]
    await house.pay(found["qr_code"])
    assert (await get(house))["state"] == "paid"


async def test_time_out_then_asked_again(house: House) -> None:
    bill = await look_up(house)

    def too_late(request: httpx.Request, response: httpx.Response | None) -> None:
        if response is not None and b"precreate" in request.content:
            raise httpx.ReadTimeout("too late", request=request)

    house.streets.fault = too_late
    assert (await house.call("POST", "/payments", request_of(bill))).json()["state"] == "unknown"
    house.streets.fault = lambda request, response: None
    assert (await get(house))["qr_code"]


async def test_service_unavailable_is_not_failure(house: House) -> None:
    payment = await begin(house)
    await house.control(alipay={"answer_20000": 1, "notify": "none"})
    await house.pay(payment["qr_code"])
    await house.control(alipay={"answer_20000": 1})
    assert (await get(house))["state"] == "unknown"
    assert (await get(house))["state"] == "paid"


async def test_close_while_the_gateway_is_silent(house: House) -> None:
    payment = await begin(house)
    await house.pay(payment["qr_code"], "cancelled")
    await house.control(alipay={"down": True})
    assert (await post(house, "close"))["state"] == "unknown"
    await house.control(alipay={"down": False})
    await sweep(house)
    assert (await get(house))["state"] == "closed"


async def test_unsigned_answers_are_not_believed(house: House) -> None:
    payment = await begin(house)
    await house.pay(payment["qr_code"], "cancelled")
    stranger = house.sandbox.state.keys.sign
    house.sandbox.state.keys.sign = lambda data: stranger(data, forged=True)
    assert (await get(house))["state"] == "unknown"


async def test_a_slow_gateway_does_not_keep_the_kiosk_waiting(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.payments.service._PATIENCE_S", 0.05)
    bill = await look_up(house)
    await house.control(alipay={"delay_s": 0.5})
    assert (await house.call("POST", "/payments", request_of(bill))).json()["state"] == "created"
    while house.backend.state.payments._running:
        await asyncio.gather(*house.backend.state.payments._running)
    assert (await house.call("GET", "/payments/intent-00001")).json()["state"] == "pending"


async def test_one_bill_one_open_order(house: House) -> None:
    first = await begin(house, "intent-00001")
    second = await begin(house, "intent-00002")
    assert (await get(house, "intent-00001"))["state"] == "closed"
    assert (await house.pay(first["qr_code"])).status_code == 409
    assert (await house.pay(second["qr_code"])).status_code == 200


async def test_two_orders_of_one_bill_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both find nothing to settle, both go to write: one code can be paid in the end."""
    bill = await look_up(house)
    service = house.backend.state.payments
    both, settle = asyncio.Barrier(2), service._settle_earlier
    first_round = 2

    async def meet(kiosk_id: str, request: PaymentRequest) -> None:
        nonlocal first_round
        await settle(kiosk_id, request)
        if first_round:
            first_round -= 1
            await both.wait()

    monkeypatch.setattr(service, "_settle_earlier", meet)
    await asyncio.gather(
        *(house.call("POST", "/payments", request_of(bill, intent)) for intent in ("intent-00001", "intent-00002"))
    )
    assert len((await house.sandbox_call("GET", "/wallet/qr")).json()) == 1


async def test_one_intent_twice_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    bill = await look_up(house)
    service = house.backend.state.payments
    both, settle = asyncio.Barrier(2), service._settle_earlier

    async def meet(kiosk_id: str, request: PaymentRequest) -> None:
        await settle(kiosk_id, request)
        await both.wait()

    monkeypatch.setattr(service, "_settle_earlier", meet)
    answers = await asyncio.gather(*(house.call("POST", "/payments", request_of(bill)) for _ in range(2)))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({answer.json()["out_trade_no"] for answer in answers}) == 1


async def test_a_number_that_cannot_be_an_intent(house: House) -> None:
    for path in ("/payments/%C3%A4%C3%B6%C3%BC-0001", "/payments/short", f"/payments/{'x' * 41}"):
        assert (await house.call("GET", path)).status_code == 422, path
        assert (await house.call("POST", f"{path}/close")).status_code == 422, path


async def test_a_bill_just_paid_is_not_paid_again(house: House) -> None:
    await house.control(alipay={"notify": "none"})
    bill = await look_up(house)
    payment = (await house.call("POST", "/payments", request_of(bill))).json()
    await house.pay(payment["qr_code"])
    response = await house.call("POST", "/payments", request_of(bill, "intent-00002"))
    assert response.json()["code"] == "nothing-due"
    assert (await get(house))["state"] == "paid"


async def test_the_same_bill_at_two_kiosks_is_booked_once(house: House) -> None:
    one, two = await look_up(house), await look_up(house, kiosk="kiosk-2")
    first = (await house.call("POST", "/payments", request_of(one))).json()
    second = (await house.call("POST", "/payments", request_of(two, "intent-00002"), "kiosk-2")).json()
    await house.pay(first["qr_code"])
    await house.pay(second["qr_code"])
    await house.sandbox.state.notifier.drain()
    await sweep(house, 2)
    states = {(await house.call("GET", "/payments/intent-00001")).json()["state"]}
    states.add((await house.call("GET", "/payments/intent-00002", None, "kiosk-2")).json()["state"])
    assert states == {"paid", "refunded"}
    await assert_books_agree(house)
