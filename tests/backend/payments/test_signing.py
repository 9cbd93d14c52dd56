"""The published-shape vectors, on our side and on the sandbox's, which were written apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from backend.payments.alipay_signing import notification_text, request_text, sign, signed_part, verify
from backend.payments.money import to_fen, to_yuan
from backend.sandbox.gateway_keys import GatewayKeys

VECTORS: dict[str, str] = json.loads((Path(__file__).parent / "throwaway_test_vectors.json").read_text("utf-8"))
REQUEST = {
    "app_id": "2021000000000000",
    "method": "alipay.trade.precreate",
    "format": "JSON",
    "charset": "utf-8",
    "sign_type": "RSA2",
    "timestamp": "2025-06-01 10:20:30",
    "version": "1.0",
    "notify_url": "https://kiosk.example.invalid/pay/alipay/notify",
    "biz_content": '{"out_trade_no":"KIOSK20250601000001","total_amount":"5.00",'
    '"subject":"社保参保证明打印","timeout_express":"2m"}',
}
NOTIFY = dict(parse_qsl(VECTORS["alipay_notify_body"]))


def key(name: str) -> Any:
    pem = VECTORS[f"{name}_pem"].encode()
    if "private" in name:
        return serialization.load_pem_private_key(pem, None)
    return serialization.load_pem_public_key(pem)


@pytest.fixture
def gateway(tmp_path: Path) -> GatewayKeys:
    (tmp_path / "merchant.pem").write_text(VECTORS["merchant_public_key_pem"])
    return GatewayKeys(key("gateway_private_key"), tmp_path / "merchant.pem")


def test_request() -> None:
    text = request_text({**REQUEST, "empty": "", "sign": "old"})
    assert text == VECTORS["alipay_precreate_signstr"]
    assert len(text.encode()) == 328
    assert sign(key("merchant_private_key"), text) == VECTORS["alipay_precreate_sign"]


def test_request_at_the_sandbox(gateway: GatewayKeys) -> None:
    signed = {**REQUEST, "sign": VECTORS["alipay_precreate_sign"]}
    assert gateway.merchant_signed(signed)
    assert not gateway.merchant_signed({**signed, "version": "1.1"})
    assert not gateway.merchant_signed({k: v for k, v in signed.items() if k != "sign_type"})
    assert not gateway.merchant_signed({**signed, "sign": "not base64!"})


def test_response_is_verified_over_its_own_bytes() -> None:
    text = VECTORS["alipay_response"]
    inner = signed_part(text, "alipay_trade_precreate_response")
    assert inner == VECTORS["alipay_response_signed_bytes"]
    assert verify(key("gateway_public_key"), inner, json.loads(text)["sign"])
    again = json.dumps(json.loads(inner), separators=(",", ":"))  # loses the \/ escapes
    assert not verify(key("gateway_public_key"), again, json.loads(text)["sign"])


def test_sandbox_signs_a_response_alike(gateway: GatewayKeys) -> None:
    signature = gateway.sign(VECTORS["alipay_response_signed_bytes"].encode())
    assert signature == json.loads(VECTORS["alipay_response"])["sign"]


def test_notification(gateway: GatewayKeys) -> None:
    assert notification_text(NOTIFY) == VECTORS["alipay_notify_signstr"]
    assert verify(key("gateway_public_key"), notification_text(NOTIFY), VECTORS["alipay_notify_sign"])
    assert gateway.sign_notification(NOTIFY) == VECTORS["alipay_notify_sign"]


def test_notification_with_another_amount_fails() -> None:
    assert not verify(
        key("gateway_public_key"), notification_text({**NOTIFY, "total_amount": "6.00"}), VECTORS["alipay_notify_sign"]
    )


def test_notification_with_sign_type_in_the_text_fails() -> None:
    assert "sign_type" in request_text(NOTIFY)
    assert not verify(key("gateway_public_key"), request_text(NOTIFY), VECTORS["alipay_notify_sign"])


def test_notification_in_another_order_verifies() -> None:
    turned = dict(reversed(NOTIFY.items()))
    assert verify(key("gateway_public_key"), notification_text(turned), VECTORS["alipay_notify_sign"])


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"other_response":{}}', '{"x_response":"text"}', '{"x_response":{"open":1', "<html>"]
)
def test_no_signed_part(text: str) -> None:
    assert signed_part(text, "x_response") is None


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    part = signed_part(text, "x_response")
    assert part is None or part in text
    assert not verify(key("gateway_public_key"), text, text)


@given(st.integers(0, 10**10))
def test_money_there_and_back(fen: int) -> None:
    assert to_fen(to_yuan(fen)) == fen


@pytest.mark.parametrize(("text", "fen"), [("5", 500), ("5.5", 550), ("0.01", 1), ("43.40", 4340)])
def test_money(text: str, fen: int) -> None:
    assert to_fen(text) == fen


@pytest.mark.parametrize("text", ["", "5.", ".5", "5.001", "-5", "+5", "5e2", " 5", "５", "5,00", "NaN"])
def test_not_money(text: str) -> None:
    assert to_fen(text) is None
