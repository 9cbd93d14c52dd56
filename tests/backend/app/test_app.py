"""The app around its routes: refusals, health, and what must never be said or written down."""

from __future__ import annotations

import io
import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import structlog
from sqlalchemy import text

from backend.contract import kiosk_api
from backend.logging import configure_logging
from tests.backend.house import BACKEND, House, open_house
from tests.backend.payments.conftest import sweep

SECRET_ACCOUNT = "035012342718"
SECRET_NUMBER = "519999199001010017"
SECRET_NAME = "张示范"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged, as a process of its own would write it."""
    kept, sys.stderr = sys.stderr, io.StringIO()
    written = sys.stderr
    configure_logging("DEBUG")
    structlog.configure(cache_logger_on_first_use=False)
    yield written
    sys.stderr = kept
    structlog.reset_defaults()


async def anonymous(house: House, method: str, path: str, **options: object) -> httpx.Response:
    async with httpx.AsyncClient(transport=house.streets, base_url=BACKEND) as client:
        return await client.request(method, path, **options)  # type: ignore[arg-type]


async def test_health(house: House) -> None:
    assert (await anonymous(house, "GET", "/healthz")).json() == {"status": "ok"}
    ready = await anonymous(house, "GET", "/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "problems": []})


@pytest.mark.parametrize("change", ["UPDATE alembic_version SET version_num = '0001'", "DROP TABLE alembic_version"])
async def test_another_schema_is_not_ready(house: House, change: str) -> None:
    async with house.backend.state.engine.begin() as connection:
        await connection.execute(text(change))
    ready = await anonymous(house, "GET", "/readyz")
    assert ready.status_code == 503
    assert "menkou backend migrate" in ready.json()["problems"][0]


async def test_without_content_it_is_not_ready(tmp_path: Path) -> None:
    async with open_house(tmp_path, tmp_path / "nothing") as house:
        ready = await anonymous(house, "GET", "/readyz")
        assert ready.status_code == 503
        assert "menkou content build" in ready.json()["problems"][0]
        response = await house.call("POST", "/bills/query", {"service_id": "water-bill", "account": SECRET_ACCOUNT})
        assert (response.status_code, response.json()["code"]) == (404, "service-unknown")


async def test_every_route_of_the_contract_is_there(house: House) -> None:
    paths = (await anonymous(house, "GET", "/openapi.json")).json()["paths"]
    told = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    for line in (kiosk_api.__doc__ or "").splitlines():
        if line.startswith(("| GET", "| POST")):
            method, path = line.split("|")[1].split()
            assert f"{method} /api/kiosk/v1{path}" in told


async def test_strangers_are_refused(house: House) -> None:
    for token in ("", "Bearer", "Bearer mk_wrong", "Basic abc", "Bearer ü"):
        for method, path in (("GET", "/hello"), ("POST", "/payments"), ("POST", "/bills/query"), ("POST", "/ratings")):
            headers = {"Authorization": token.encode()}
            response = await anonymous(house, method, f"/api/kiosk/v1{path}", headers=headers, json={})
            assert (response.status_code, response.json()["code"]) == (401, "unauthorized"), token


async def test_an_invalid_request_is_not_echoed(house: House, logged: io.StringIO) -> None:
    body = {"service_id": "water-bill", "account": f"x{SECRET_ACCOUNT}", SECRET_NAME: 1}
    response = await house.call("POST", "/bills/query", body)
    assert response.status_code == 422
    assert response.json() == {"code": "invalid-request", "detail": "body.account: string_pattern_mismatch"}
    nested = {"intent_id": "intent-00001", "service_id": "x", "proof_id": "x", "form": {SECRET_NUMBER: 5}}
    response = await house.call("POST", "/certificates", nested)
    assert response.status_code == 422
    assert SECRET_NUMBER not in response.text
    response = await anonymous(
        house,
        "POST",
        "/api/kiosk/v1/bills/query",
        content=f'{{"account": "{SECRET_ACCOUNT}",,',
        headers={"Authorization": f"Bearer {house.tokens['kiosk-1']}", "Content-Type": "application/json"},
    )
    assert response.status_code == 422
    for secret in (SECRET_ACCOUNT, SECRET_NAME, SECRET_NUMBER):
        assert secret not in response.text + logged.getvalue()


async def test_a_bug_is_told_without_its_text(
    house: House, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*args: object) -> None:
        raise ValueError(f"cannot handle {SECRET_NAME} {SECRET_NUMBER}")

    monkeypatch.setattr("backend.bills.routes.query_bill", broken)
    response = await house.call("POST", "/bills/query", {"service_id": "water-bill", "account": SECRET_ACCOUNT})
    assert (response.status_code, response.json()) == (500, {"code": "internal", "detail": ""})
    text = logged.getvalue()
    fault = next(json.loads(line) for line in text.splitlines() if "request_failed" in line)
    assert fault["error"] == "ValueError"
    assert "broken" in fault["where"][-1]
    assert SECRET_NAME not in text
    assert SECRET_NUMBER not in text


async def test_no_personal_data_in_the_log_of_a_day(house: House, logged: io.StringIO) -> None:
    """A payment with everything that goes wrong, an assertion, an SMS: the log knows routes and numbers of ours."""
    bill = (await house.call("POST", "/bills/query", {"service_id": "water-bill", "account": SECRET_ACCOUNT})).json()
    request = {
        "intent_id": "intent-00001",
        "service_id": "water-bill",
        "bill_id": bill["bill_id"],
        "amount_fen": bill["amount_fen"],
        "channel": "alipay_qr",
    }
    payment = (await house.call("POST", "/payments", request)).json()
    await house.control(departments={"water": {"down": True}}, alipay={"lose_answers": 1})
    await house.call("GET", "/payments/intent-00001")
    await house.pay(payment["qr_code"])
    await house.sandbox.state.notifier.drain()
    await sweep(house)
    await house.call("POST", "/payments/intent-00001/refund", {"reason": "paper-out"})
    person = {"name": SECRET_NAME, "number": SECRET_NUMBER}
    await house.call("POST", "/identity/assertions", {**person, "score_band": "strong", "algorithm": "test"})
    await house.call("POST", "/identity/sms", person)
    await house.call("GET", f"/payments/{SECRET_NUMBER}")
    await anonymous(house, "GET", f"/nowhere/{SECRET_NUMBER}?account={SECRET_ACCOUNT}")
    text = logged.getvalue()
    assert '"route": "/api/kiosk/v1/payments/{intent_id}"' in text
    assert "exchange_failed" in text
    for secret in (SECRET_ACCOUNT, SECRET_NAME, SECRET_NUMBER, "林示文", "13800000017", payment["qr_code"]):
        assert secret not in text, secret
    for token in house.tokens.values():
        assert token not in text


async def test_secrets_are_for_the_owner_only(house: House) -> None:
    var_dir = house.settings.var_dir
    assert stat.S_IMODE((var_dir / "alipay_merchant.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((var_dir / "menkou.sqlite3").stat().st_mode) == 0o600


async def test_telemetry_is_off(house: House) -> None:
    assert not house.backend._native_telemetry.enabled()
    assert not any(house.backend._telemetry[name] for name in ("tracing", "metrics", "logs"))  # type: ignore[literal-required]


async def test_a_body_has_its_limit(house: House) -> None:
    headers = {"Authorization": f"Bearer {house.tokens['kiosk-1']}"}
    response = await anonymous(house, "POST", "/api/kiosk/v1/ratings", content=b"x" * (2 << 20), headers=headers)
    assert response.status_code == 413
