"""Looking up a bill."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from backend.bills.models import BillRow
from backend.sandbox.exchange import OPERATIONS
from tests.backend.house import House


async def query(house: House, account: str, service: str = "water-bill") -> tuple[int, dict[str, Any]]:
    response = await house.call("POST", "/bills/query", {"service_id": service, "account": account})
    return response.status_code, response.json()


async def test_masked(house: House) -> None:
    status, bill = await query(house, "035012342718")
    assert status == 200
    assert bill.pop("bill_id")
    assert bill == {
        "account_masked": "0350 **** 2718",
        "customer_masked": "林*文",
        "period_zh": "2026年10月",
        "period_en": "October 2026",
        "usage_zh": "14 吨",
        "usage_en": "14 m³",
        "amount_fen": 4340,
    }
    async with house.backend.state.sessions() as session:
        row = (await session.scalars(select(BillRow))).one()
    kept = " ".join(str(value) for value in vars(row).values())
    assert "035012342718" not in kept
    assert "林示文" not in kept


@pytest.mark.parametrize(
    ("account", "status", "code"),
    [
        ("035012340001", 409, "nothing-due"),
        ("999999999999", 404, "account-not-found"),
        ("0350123427", 404, "account-not-found"),
    ],
)
async def test_refusals(house: House, account: str, status: int, code: str) -> None:
    answer = await query(house, account)
    assert (answer[0], answer[1]["code"]) == (status, code)


@pytest.mark.parametrize("service", ["parking-bill", "social-insurance-enrolment-proof"])
async def test_services_without_bills(house: House, service: str) -> None:
    status, answer = await query(house, "035012342718", service)
    assert (status, answer["code"]) == (404, "service-unknown")


async def test_department_down(house: House) -> None:
    await house.control(departments={"water": {"down": True}})
    status, answer = await query(house, "035012342718")
    assert (status, answer["code"]) == (503, "department-down")


@pytest.mark.parametrize(
    "answer",
    [
        {"result": "ok"},
        {"result": "strange"},
        {"result": "ok", "bill_no": "1", "customer_name": "x", "period": "2026-13", "usage_m3": 1, "amount_fen": 1},
        {"result": "ok", "bill_no": "1", "customer_name": "x", "period": "2026-10", "usage_m3": 1, "amount_fen": 0},
        {"result": "ok", "bill_no": "1", "customer_name": "x", "period": "2026-10", "usage_m3": 1, "amount_fen": 1.5},
        {"result": "ok", "bill_no": "1", "customer_name": "x", "period": "2026-10", "usage_m3": 1, "amount_fen": True},
    ],
)
async def test_nonsense_of_the_department(
    house: House, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
) -> None:
    monkeypatch.setitem(OPERATIONS, "water.bill", lambda *a: answer)
    status, problem = await query(house, "035012342718")
    assert (status, problem["code"]) == (503, "department-down")
