"""The departments' exchange: who may come in, what they know, and the client that asks."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import date
from typing import Any

import httpx
import pytest

from backend.contract.kiosk_api import ProblemCode
from backend.exchange.client import ExchangeClient
from backend.problems import Refused
from backend.sandbox.people import enrolment, world
from tests.backend.house import SANDBOX, House

ZHANG = {"name": "张示范", "number": "519999199001010017"}
NOBODY = {"name": "王测试", "number": "51999919900101005X"}
CHEN = {"name": "陈示例", "number": "519999194912310181"}


async def ask(house: House, operation: str, **params: Any) -> dict[str, Any]:
    exchange: ExchangeClient = house.backend.state.exchange
    return await exchange.call(operation, params)


def by_hand(
    body: bytes, *, key: bytes = b"sandbox-exchange-key", at: float = 0, nonce: str = "n" * 16
) -> dict[str, str]:
    stamp = str(int(at or time.time()))
    text = f"POST\n/exchange/water.bill\n{stamp}\n{nonce}\n{hashlib.sha256(body).hexdigest()}"
    return {
        "X-Exchange-Time": stamp,
        "X-Exchange-Nonce": nonce,
        "X-Exchange-Signature": hmac.new(key, text.encode(), "sha256").hexdigest(),
    }


async def test_only_signed_requests_come_in(house: House) -> None:
    body = json.dumps({"account": "035012342718"}).encode()
    good = by_hand(body)
    cases = [
        (body, good, 200, ""),
        (body, good, 401, "nonce used before"),
        (body + b" ", by_hand(body, nonce="m" * 16), 401, "wrong signature"),
        (body, by_hand(body, key=b"guessed", nonce="o" * 16), 401, "wrong signature"),
        (body, by_hand(body, at=time.time() - 400, nonce="p" * 16), 401, "clock differs"),
        (body, by_hand(body, nonce="short"), 401, "time or nonce missing"),
        (body, {}, 401, "time or nonce missing"),
    ]
    async with httpx.AsyncClient(transport=house.streets, base_url=SANDBOX) as client:
        for content, headers, status, error in cases:
            answer = await client.post("/exchange/water.bill", content=content, headers=headers)
            assert (answer.status_code, answer.json().get("error", "")) == (status, error)


async def test_enrolment(house: House) -> None:
    answer = await ask(house, "social-insurance.enrolment", **ZHANG, period="last-12-months")
    assert answer["result"] == "ok"
    assert answer["insured_place"] == "青口县"
    assert [(line["kind"], line["status"], line["months"]) for line in answer["insurances"]] == [
        ("pension", "active", 12),
        ("unemployment", "active", 12),
        ("injury", "active", 12),
    ]
    assert (await ask(house, "social-insurance.enrolment", **NOBODY, period="all"))["result"] == "no-record"


def test_months_are_whole_and_end_with_the_last_one() -> None:
    zhang, chen = (world().resident(**who).insurances for who in (ZHANG, CHEN))  # type: ignore[union-attr]
    line = enrolment(zhang[0], "all", date(2026, 11, 22))
    assert (line["from"], line["to"], line["months"]) == ("2019-07", "2026-10", 88)
    line = enrolment(zhang[0], "last-24-months", date(2026, 1, 1))
    assert (line["from"], line["to"], line["months"]) == ("2024-01", "2025-12", 24)
    line = enrolment(chen[0], "all", date(2026, 11, 22))
    assert (line["status"], line["from"], line["to"], line["months"]) == ("paused", "1992-01", "2004-12", 156)
    for past in (
        enrolment(chen[0], "last-12-months", date(2026, 11, 22)),
        enrolment(chen[1], "all", date(2026, 11, 22)),
    ):
        assert (past["from"], past["to"], past["months"]) == (None, None, 0)


async def test_phone_and_messages(house: House) -> None:
    assert (await ask(house, "population.phone", **ZHANG)) == {"result": "ok", "phone": "13800000017"}
    assert (await ask(house, "population.phone", **NOBODY)) == {"result": "no-record"}
    assert (await ask(house, "sms.send", phone="13800000017", text="验证码 123456"))["result"] == "ok"
    messages = (await house.sandbox_call("GET", "/phone/messages")).json()
    assert [(message["to"], message["text"]) for message in messages] == [("13800000017", "验证码 123456")]


async def test_pin_locks(house: House) -> None:
    right, wrong = {**ZHANG, "pin": "135790"}, {**ZHANG, "pin": "000000"}
    assert (await ask(house, "pin.verify", **wrong)) == {"result": "ok", "ok": False, "tries_left": 4}
    assert (await ask(house, "pin.verify", **right)) == {"result": "ok", "ok": True, "tries_left": 5}
    for left in (4, 3, 2, 1, 0, 0):
        assert (await ask(house, "pin.verify", **wrong))["tries_left"] == left
    assert (await ask(house, "pin.verify", **right))["ok"] is False
    assert (await ask(house, "pin.verify", **NOBODY, pin="135790"))["result"] == "no-record"


async def test_water(house: House) -> None:
    bill = await ask(house, "water.bill", account="035012342718")
    assert (bill["amount_fen"], bill["period"], bill["usage_m3"]) == (4340, "2026-10", 14)
    order = {"bill_no": bill["bill_no"], "payment_no": "K1"}
    assert (await ask(house, "water.post", **order, amount_fen=1))["result"] == "amount-changed"
    for _ in range(2):
        assert (await ask(house, "water.post", **order, amount_fen=4340))["result"] == "ok"
    other = {**order, "payment_no": "K2"}
    assert (await ask(house, "water.post", **other, amount_fen=4340))["result"] == "already-paid"
    assert (await ask(house, "water.reverse", **other))["result"] == "ok"  # not theirs: changes nothing
    assert (await ask(house, "water.bill", account="035012342718"))["result"] == "nothing-due"
    for _ in range(2):
        assert (await ask(house, "water.reverse", **order))["result"] == "ok"
    assert (await ask(house, "water.post", **order, amount_fen=4340))["result"] == "reversed"  # too late
    assert (await ask(house, "water.bill", account="035012342718"))["result"] == "ok"
    assert (await ask(house, "water.post", bill_no="x", payment_no="K1", amount_fen=1))["result"] == "not-found"


async def test_one_department_down(house: House) -> None:
    await house.control(departments={"water": {"down": True}})
    with pytest.raises(Refused) as caught:
        await ask(house, "water.bill", account="035012342718")
    assert caught.value.code is ProblemCode.DEPARTMENT_DOWN
    assert (await ask(house, "population.phone", **ZHANG))["result"] == "ok"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"result": 1}),
        httpx.ReadTimeout("519999199001010017"),
        httpx.ConnectError("519999199001010017"),
    ],
)
async def test_the_client_turns_every_fault_into_a_refusal(answer: httpx.Response | Exception) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
        with pytest.raises(Refused) as caught:
            await ExchangeClient("http://x.invalid/exchange", "key", client=client).call(
                "population.phone", dict(ZHANG)
            )
    assert caught.value.code is ProblemCode.DEPARTMENT_DOWN
    assert "5199" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
