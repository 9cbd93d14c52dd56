"""Bills of any department: with and without usage, of a month, a year or words; paid, booked and reversed there."""

from __future__ import annotations

from typing import Any

import pytest

from backend.bills.service import period_words
from tests.backend.hall import Hall, make_service, text
from tests.backend.payments.conftest import forget_waiting

CODE = "37009900000026110017"
BILL = {"result": "ok", "bill_no": "FS001", "customer_name": "张示范", "period": "2026", "amount_fen": 20000}
FIELD = {
    "kind": "number",
    "name": "payment_code",
    "label": text("缴款码"),
    "question": text("缴款码"),
    "hint": text("16 至 20 位"),
    "error": text("再核对"),
    "pattern": r"\d{16,20}",
    "min_length": 16,
    "max_length": 20,
}


def offered(hall: Hall, answer: dict[str, Any] | None = None, **changes: Any) -> None:
    plain: dict[str, Any] = {"auth": "A0", "form": [FIELD], "operation": "treasury.bill", "channels": ["alipay_qr"]}
    hall.add(make_service("non-tax", "bill-payment", **(plain | changes)))
    hall.departments.answers["treasury.bill"] = BILL if answer is None else answer


async def look_up(hall: Hall) -> dict[str, Any]:
    return await hall.told("/bills/query", {"service_id": "non-tax", "account": CODE})


@pytest.mark.parametrize(
    ("period", "zh", "en"),
    [
        ("2026-10", "2026年10月", "October 2026"),
        ("2026", "2026年", "2026"),
        (" 2026年第三季度 ", "2026年第三季度", "2026年第三季度"),
    ],
)
def test_periods(period: str, zh: str, en: str) -> None:
    words = period_words(period)
    assert words is not None
    assert (words.zh, words.en) == (zh, en)


@pytest.mark.parametrize("period", ["", "2026-13", "2026-00", "9999", "20261", "2026-10-10", "x" * 41, "a\nb"])
def test_no_period(period: str) -> None:
    assert period_words(period) is None


async def test_the_department_is_asked_by_the_field_s_name(hall: Hall) -> None:
    offered(hall)
    bill = await look_up(hall)
    assert hall.departments.asked == [("treasury.bill", {"payment_code": CODE})]
    assert (bill["customer_masked"], bill["account_masked"]) == ("张*范", "3700 **** 0017")
    assert (bill["period_zh"], bill["usage_zh"], bill["usage_en"]) == ("2026年", "", "")
    assert await hall.refused("/bills/query", {"service_id": "non-tax", "account": "123456"}) == "account-not-found"


@pytest.mark.parametrize(
    ("usage", "zh", "en"),
    [({}, "", ""), ({"usage": 186}, "186 度", "186 kWh"), ({"usage": "12.5"}, "12.5 度", "12.5 kWh")],
)
async def test_usage_in_the_service_s_unit(hall: Hall, usage: dict[str, Any], zh: str, en: str) -> None:
    offered(hall, {**BILL, **usage}, usage_unit={"zh": "度", "en": "kWh"})
    bill = await look_up(hall)
    assert (bill["usage_zh"], bill["usage_en"]) == (zh, en)


@pytest.mark.parametrize(
    "change",
    [
        {"usage": True},
        {"usage": -1},
        {"usage": "much"},
        {"usage": [1]},
        {"bill_no": ""},
        {"bill_no": "x" * 65},
        {"amount_fen": -5},
        {"amount_fen": "20000"},
        {"period": "2026-13"},
    ],
)
async def test_nonsense(hall: Hall, change: dict[str, Any]) -> None:
    offered(hall, {**BILL, **change}, usage_unit={"zh": "度", "en": "kWh"})
    assert await hall.refused("/bills/query", {"service_id": "non-tax", "account": CODE}) == "department-down"


async def test_a_service_without_a_number_field(hall: Hall) -> None:
    offered(hall, form=[])
    assert await hall.refused("/bills/query", {"service_id": "non-tax", "account": CODE}) == "service-unknown"


@pytest.mark.parametrize(
    ("receipt", "state", "operations"),
    [
        ({"outcome": "printed"}, "delivered", ["treasury.post"]),
        ({"outcome": "unprintable"}, "refunded", ["treasury.post", "treasury.reverse"]),
    ],
)
async def test_booked_and_reversed_by_its_own_system(
    hall: Hall, receipt: dict[str, str], state: str, operations: list[str]
) -> None:
    offered(hall)
    hall.house.backend.state.payment_worker.exchange = hall.departments
    hall.departments.answers |= {
        "treasury.post": {"result": "ok", "posting_no": "P1"},
        "treasury.reverse": {"result": "ok"},
    }
    bill = await look_up(hall)
    body = {"intent_id": "intent-00001", "service_id": "non-tax", "channel": "alipay_qr"}
    payment = await hall.told("/payments", {**body, "bill_id": bill["bill_id"], "amount_fen": bill["amount_fen"]})
    await hall.house.pay(payment["qr_code"])
    await forget_waiting(hall.house)
    paid = (await hall.house.call("GET", "/payments/intent-00001")).json()
    assert (paid["state"], paid["posted"]) == ("paid", True)
    settled = await hall.told("/payments/intent-00001/receipt", receipt)
    assert settled["state"] == state
    deeds = [(name, params) for name, params in hall.departments.asked if name != "treasury.bill"]
    assert [name for name, _ in deeds] == operations
    assert deeds[0][1] == {"bill_no": "FS001", "payment_no": payment["out_trade_no"], "amount_fen": 20000}
