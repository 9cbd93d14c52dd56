"""The stand-in for Alipay is as strict as the real one, judged with requests made by hand."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from backend.sandbox.app import create_sandbox_app
from backend.sandbox.settings import SandboxSettings
from backend.sandbox.trades import BusinessError, Trades
from tests.backend.house import SANDBOX, House

ORDER = {"out_trade_no": "K1", "total_amount": "43.40", "subject": "水费缴纳", "timeout_express": "3m"}


def signed(house: House, method: str, content: Any, /, **changes: str) -> dict[str, str]:
    params = {
        "app_id": "2021000000000000",
        "method": method,
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": (datetime.now(UTC) + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S"),
        "version": "1.0",
        "biz_content": content if isinstance(content, str) else json.dumps(content, ensure_ascii=False),
        "notify_url": "http://backend.invalid/pay/alipay/notify",
        **changes,
    }
    params = {key: value for key, value in params.items() if value}
    key: Any = serialization.load_pem_private_key((house.settings.var_dir / "alipay_merchant.pem").read_bytes(), None)
    text = "&".join(f"{name}={params[name]}" for name in sorted(params))
    params["sign"] = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
    return params


async def send(house: House, params: dict[str, str], *, in_query: bool = False) -> str:
    async with httpx.AsyncClient(transport=house.streets, base_url=SANDBOX) as client:
        if in_query:
            body = {"biz_content": params.pop("biz_content")}
            return (await client.post(f"/alipay/gateway.do?{urlencode(params)}", data=body)).text
        return (await client.post("/alipay/gateway.do", data=params)).text


async def call(house: House, method: str, content: Any, /, **changes: str) -> dict[str, Any]:
    answer = json.loads(await send(house, signed(house, f"alipay.trade.{method}", content, **changes)))
    return next(value for key, value in answer.items() if key != "sign")


async def test_answer_is_signed_as_it_stands(house: House) -> None:
    text = await send(house, signed(house, "alipay.trade.precreate", ORDER))
    assert text.startswith('{"alipay_trade_precreate_response":{"code":"10000"')
    assert r'"qr_code":"https:\/\/qr.example.invalid\/bax' in text
    inner = text[text.index(":") + 1 : text.index(',"sign"')]
    pem = (house.settings.sandbox_dir / "alipay_public.pem").read_bytes()
    public: Any = serialization.load_pem_public_key(pem)
    public.verify(base64.b64decode(json.loads(text)["sign"]), inner.encode(), padding.PKCS1v15(), hashes.SHA256())


async def test_public_parameters_may_ride_in_the_query(house: House) -> None:
    text = await send(house, signed(house, "alipay.trade.precreate", ORDER), in_query=True)
    assert '"code":"10000"' in text


WRONG_FORMS: list[tuple[dict[str, str], str, str]] = [
    ({"app_id": "2021000000000001"}, "40002", "isv.invalid-app-id"),
    ({"app_id": ""}, "40001", "isv.missing-app-id"),
    ({"sign_type": "RSA"}, "40002", "isv.invalid-sign-type"),
    ({"sign_type": "rsa2"}, "40002", "isv.invalid-sign-type"),
    ({"timestamp": ""}, "40001", "isv.missing-timestamp"),
    ({"timestamp": "2026-11-22T10:00:00"}, "40002", "isv.invalid-timestamp"),
    ({"timestamp": "2026-13-22 10:00:00"}, "40002", "isv.invalid-timestamp"),
    ({"timestamp": "2020-01-01 00:00:00"}, "40002", "isv.invalid-timestamp"),
    ({"format": "XML"}, "40002", "isv.invalid-format"),
    ({"charset": "gbk"}, "40002", "isv.invalid-charset"),
    ({"method": "alipay.trade.wonder"}, "40002", "isv.invalid-method"),
    ({"biz_content": "{"}, "40002", "isv.invalid-parameter"),
    ({"biz_content": '{"total_amount": 5}'}, "40002", "isv.invalid-parameter"),
    ({"notify_url": "http://x/" + "y" * 250}, "40002", "isv.invalid-parameter"),
]


async def test_form(house: House) -> None:
    for changes, code, sub_code in WRONG_FORMS:
        answer = await call(house, "precreate", ORDER, **changes)
        assert (answer["code"], answer["sub_code"]) == (code, sub_code), changes


async def test_signature(house: House) -> None:
    params = signed(house, "alipay.trade.precreate", ORDER)
    for change in ({"version": "1.0", "notify_url": "http://elsewhere.invalid"}, {"sign": "AAAA"}, {"extra": "1"}):
        text = await send(house, {**params, **change})
        assert "isv.invalid-signature" in text
    del params["sign"]
    assert "isv.missing-sign" in await send(house, params)


WRONG_ORDERS = [
    {"out_trade_no": "K-1"},
    {"out_trade_no": "K" * 65},
    {"out_trade_no": ""},
    {"total_amount": "0.00"},
    {"total_amount": "5.001"},
    {"total_amount": "100000000.01"},
    {"total_amount": "1e3"},
    {"subject": ""},
    {"subject": "a=b"},
    {"subject": "水" * 257},
    {"timeout_express": "3"},
    {"timeout_express": "0m"},
    {"timeout_express": "16d"},
]


async def test_order(house: House) -> None:
    for change in WRONG_ORDERS:
        answer = await call(house, "precreate", {**ORDER, **change})
        assert (answer["code"], answer["sub_code"]) == ("40004", "ACQ.INVALID_PARAMETER"), change


async def test_numbers_are_used_once(house: House) -> None:
    first = await call(house, "precreate", ORDER)
    assert (await call(house, "precreate", ORDER))["qr_code"] == first["qr_code"]
    other = await call(house, "precreate", {**ORDER, "total_amount": "43.41"})
    assert other["sub_code"] == "ACQ.CONTEXT_INCONSISTENT"
    await house.pay(first["qr_code"])
    assert (await call(house, "precreate", ORDER))["sub_code"] == "ACQ.TRADE_HAS_SUCCESS"


async def test_a_trade_comes_with_the_scan(house: House) -> None:
    code = (await call(house, "precreate", ORDER))["qr_code"]
    for method in ("query", "close", "refund"):
        answer = await call(house, method, {"out_trade_no": "K1", "refund_amount": "1.00"})
        assert answer["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    await house.pay(code, "cancelled")
    assert (await call(house, "query", {"out_trade_no": "K1"}))["trade_status"] == "WAIT_BUYER_PAY"
    await house.pay(code)
    paid = await call(house, "query", {"out_trade_no": "K1"})
    assert (paid["trade_status"], paid["total_amount"]) == ("TRADE_SUCCESS", "43.40")
    by_its_own_number = await call(house, "query", {"trade_no": paid["trade_no"], "out_trade_no": "other"})
    assert by_its_own_number["out_trade_no"] == "K1"
    assert (await call(house, "close", {"out_trade_no": "K1"}))["sub_code"] == "ACQ.TRADE_STATUS_ERROR"


async def test_cancel(house: House) -> None:
    assert (await call(house, "cancel", {"out_trade_no": "nobody"}))["code"] == "10000"
    code = (await call(house, "precreate", ORDER))["qr_code"]
    answer = await call(house, "cancel", {"out_trade_no": "K1"})
    assert (answer["retry_flag"], "action" in answer) == ("N", False)
    assert (await house.pay(code)).json()["reason"] == "CLOSED"
    code = (await call(house, "precreate", {**ORDER, "out_trade_no": "K2"}))["qr_code"]
    await house.pay(code, "insufficient")
    assert (await call(house, "cancel", {"out_trade_no": "K2"}))["action"] == "close"
    code = (await call(house, "precreate", {**ORDER, "out_trade_no": "K3"}))["qr_code"]
    await house.pay(code)
    assert (await call(house, "cancel", {"out_trade_no": "K3"}))["action"] == "refund"
    assert (await call(house, "query", {"out_trade_no": "K3"}))["trade_status"] == "TRADE_CLOSED"


async def test_refunds(house: House) -> None:
    await house.pay((await call(house, "precreate", ORDER))["qr_code"])

    async def refund(amount: str, number: str) -> dict[str, Any]:
        return await call(house, "refund", {"out_trade_no": "K1", "refund_amount": amount, "out_request_no": number})

    async def asked(number: str) -> dict[str, Any]:
        return await call(house, "fastpay.refund.query", {"out_trade_no": "K1", "out_request_no": number})

    assert await asked("R1") == {"code": "10000", "msg": "Success"}
    first = await refund("40.00", "R1")
    assert (first["fund_change"], first["refund_fee"]) == ("Y", "40.00")
    assert (await call(house, "query", {"out_trade_no": "K1"}))["trade_status"] == "TRADE_SUCCESS"
    again = await refund("40.00", "R1")
    assert (again["fund_change"], again["refund_fee"]) == ("N", "40.00")
    assert (await refund("1.00", "R1"))["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"
    assert (await refund("3.41", "R2"))["sub_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    assert (await refund("3.40", "R2"))["refund_fee"] == "43.40"
    assert (await asked("R2"))["refund_status"] == "REFUND_SUCCESS"
    assert (await call(house, "query", {"out_trade_no": "K1"}))["trade_status"] == "TRADE_CLOSED"
    lines = (await house.sandbox_call("GET", "/alipay/bill")).json()
    assert [(line["kind"], line["amount_fen"]) for line in lines] == [
        ("trade", 4340),
        ("refund", -4000),
        ("refund", -340),
    ]


async def test_a_part_is_refunded_under_a_number_of_its_own(house: House) -> None:
    await house.pay((await call(house, "precreate", ORDER))["qr_code"])
    part = await call(house, "refund", {"out_trade_no": "K1", "refund_amount": "1.00"})
    assert part["sub_code"] == "ACQ.INVALID_PARAMETER"
    assert (await call(house, "refund", {"out_trade_no": "K1", "refund_amount": "43.40"}))["fund_change"] == "Y"


async def test_no_parameter_comes_twice(house: House) -> None:
    params = list(signed(house, "alipay.trade.precreate", ORDER).items())
    async with httpx.AsyncClient(transport=house.streets, base_url=SANDBOX) as client:
        body = urlencode([("version", "1.0"), *params])
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = (await client.post("/alipay/gateway.do", content=body, headers=headers)).text
    assert "isv.invalid-parameter" in answer


async def test_cancel_faults(house: House) -> None:
    code = (await call(house, "precreate", ORDER))["qr_code"]
    await house.control(alipay={"cancel_retry": 1, "cancel_keeps_qr": True})
    assert (await call(house, "cancel", {"out_trade_no": "K1"}))["retry_flag"] == "Y"
    assert (await call(house, "cancel", {"out_trade_no": "K1"}))["retry_flag"] == "N"
    assert (await house.pay(code)).status_code == 200


async def test_faults(house: House) -> None:
    await house.control(alipay={"answer_20000": 1})
    assert (await call(house, "precreate", ORDER))["code"] == "20000"
    assert (await call(house, "query", {"out_trade_no": "K1"}))["code"] == "40004"
    await house.control(alipay={"lose_answers": 1})
    params = signed(house, "alipay.trade.precreate", ORDER)
    assert await send(house, params) == "Bad Gateway"
    assert (await house.sandbox_call("GET", "/wallet/qr")).json()[0]["amount"] == "43.40"  # worked off all the same
    await house.control(alipay={"down": True})
    assert await send(house, params) == "Service Unavailable"
    await house.control(reset=True)
    assert (await call(house, "precreate", ORDER))["code"] == "10000"
    assert (await house.sandbox_call("POST", "/control", {"alipay": {"typo": 1}})).status_code == 422


def test_time_runs_out(tmp_path: Any) -> None:
    now = [1000.0]
    trades = Trades(tmp_path / "trades.json", minute_s=60, clock=lambda: now[0])
    unscanned = trades.precreate("K1", 100, "s", "", "3m", "3m")
    scanned = trades.precreate("K2", 100, "s", "", "3m", "3m")
    trades.scan(scanned.qr_code)
    now[0] += 179
    assert len(trades.open_offers()) == 2
    now[0] += 2
    assert trades.open_offers() == []
    with pytest.raises(BusinessError, match="QR_EXPIRED"):
        trades.pay(unscanned.qr_code)
    with pytest.raises(BusinessError, match="CLOSED"):
        trades.pay(scanned.qr_code)
    assert trades.query("K2").status == "TRADE_CLOSED"
    again = Trades(tmp_path / "trades.json", minute_s=60, clock=lambda: now[0])  # after a power cut
    assert again.query("K2").status == "TRADE_CLOSED"


def test_cancel_only_on_the_same_day(tmp_path: Any) -> None:
    now = [1000.0]
    trades = Trades(None, minute_s=60, clock=lambda: now[0])
    trade = trades.precreate("K1", 100, "s", "", "3m", "10d")
    trades.pay(trade.qr_code)
    now[0] += 24 * 3600 + 1
    with pytest.raises(BusinessError, match="TRADE_CANCEL_TIME_OUT"):
        trades.cancel("K1")


def test_never_in_production(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="production"):
        create_sandbox_app(SandboxSettings(var_dir=tmp_path, environment="production"))
    monkeypatch.setenv("MENKOU_BACKEND_ENVIRONMENT", "production")
    with pytest.raises(RuntimeError, match="production"):
        create_sandbox_app(SandboxSettings(var_dir=tmp_path))
