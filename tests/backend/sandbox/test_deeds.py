"""The sandbox's departments: every kind of deed, for any system, down, slow and refusing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest

from backend.contract.kiosk_api import ProblemCode
from backend.problems import Refused
from backend.sandbox.departments import moved, read_departments
from tests.backend.house import House, open_house

ZHANG = {"name": "张示范", "number": "519999199001010017"}
LI = {"name": "李样本", "number": "519999199001010025"}

DECLARED = """
system: parks
department: parks
operations:
  - name: parks.tree
    kind: record
    title: {zh: 树, en: Tree}
    params: [kind]
    fields: [place, since]
    rows: {years: [year]}
  - {name: parks.sign, kind: check, title: {zh: 牌, en: Sign}, params: [plate], fields: [where]}
  - {name: parks.ping, kind: check, title: {zh: 在吗, en: Ping}}
  - {name: parks.bill, kind: bill, title: {zh: 账单, en: Bill}, params: [account]}
  - {name: parks.post, kind: post, title: {zh: 入账, en: Post}}
  - {name: parks.reverse, kind: reverse, title: {zh: 冲正, en: Reverse}}
  - {name: parks.submit, kind: submit, title: {zh: 受理, en: Submit}}
  - {name: parks.status, kind: status, title: {zh: 进度, en: Status}}
  - {name: parks.slots, kind: slots, title: {zh: 时段, en: Slots}}
  - {name: parks.book, kind: book, title: {zh: 预约, en: Book}}
  - {name: parks.message, kind: message, title: {zh: 留言, en: Message}}
"""
KNOWN = """
records:
  parks.tree:
    "519999199001010017": {place: 东园, since: "@day-40", years: [{year: "@year-1"}], asked: 2024-01-02}
    "519999199001010025": {place: 西园}
  parks.sign:
    A-1: {where: 门口}
bills:
  parks.bill:
    "100001": {customer_name: 张示范, bill_no: PB1, period: "@month-1", usage: 3, amount_fen: 500}
    "100002": {customer_name: 李样本}
slots:
  parks.slots: {place: {zh: 公园, en: Park}, times: ["09:00-09:30", "14:00-14:30"], each: 2}
"""


def today() -> date:
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def written(folder: Path, declared: str = DECLARED, known: str = KNOWN) -> tuple[Path, Path]:
    for name, body in (("operations", declared), ("departments", known)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "parks.yaml").write_text(body, "utf-8")
    return folder / "operations", folder / "departments"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[House]:
    known = read_departments(*written(tmp_path / "town"))
    with patch("backend.sandbox.exchange.departments", lambda: known):
        async with open_house(tmp_path, tmp_path / "none") as house:
            yield house


async def ask(house: House, deed: str, **params: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await house.backend.state.exchange.call(f"parks.{deed}", params)
    return answer


async def test_records(town: House) -> None:
    answer = await ask(town, "tree", **ZHANG, kind="oak")
    forty = (today() - timedelta(days=40)).isoformat()
    assert answer.pop("since") in (forty, (today() - timedelta(days=39)).isoformat())
    assert answer["years"][0]["year"] in (str(today().year - 1), str(today().year))
    assert (answer["result"], answer["place"], answer["asked"]) == ("ok", "东园", "2024-01-02")
    assert await ask(town, "tree", **LI) == {"result": "ok", "place": "西园", "years": []}  # no row is an empty list
    assert await ask(town, "tree", name="王测试", number="51999919900101005X") == {"result": "no-record"}
    assert await ask(town, "tree", name="李样本", number=ZHANG["number"]) == {"result": "no-record"}
    assert await ask(town, "sign", plate="A-1") == {"result": "ok", "where": "门口"}
    assert await ask(town, "sign", plate="B-1") == {"result": "no-record"}
    assert await ask(town, "ping") == {"result": "ok"}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("@month-3", "2025-11"),
        ("@month", "2026-02"),
        ("@month+11", "2027-01"),
        ("@year-2", "2024"),
        ("@day+1", "2026-03-01"),
        ("自 @month-1 至 @day", "自 2026-01 至 2026-02-28"),
        ("a@example", "a@example"),
        (7, 7),
        (date(2020, 1, 2), "2020-01-02"),
    ],
)
def test_dates_move_with_today(text: Any, meaning: Any) -> None:
    assert moved({"x": [text]}, date(2026, 2, 28)) == {"x": [meaning]}


async def test_bills_are_paid_once(town: House) -> None:
    bill = await ask(town, "bill", account="100001")
    assert (bill["result"], bill["bill_no"], bill["usage"], bill["amount_fen"]) == ("ok", "PB1", 3, 500)
    assert (await ask(town, "bill", account="100002"))["result"] == "nothing-due"
    assert (await ask(town, "bill", account="100003"))["result"] == "not-found"
    order = {"bill_no": "PB1", "payment_no": "K1"}
    assert (await ask(town, "post", **order, amount_fen=499))["result"] == "amount-changed"
    for _ in range(2):
        assert (await ask(town, "post", **order, amount_fen=500))["result"] == "ok"
    other = {**order, "payment_no": "K2"}
    assert (await ask(town, "post", **other, amount_fen=500))["result"] == "already-paid"
    assert (await ask(town, "bill", account="100001"))["result"] == "nothing-due"
    assert (await ask(town, "reverse", **other))["result"] == "ok"
    assert (await ask(town, "bill", account="100001"))["result"] == "nothing-due"
    assert (await ask(town, "reverse", **order))["result"] == "ok"
    assert (await ask(town, "bill", account="100001"))["result"] == "ok"
    assert (await ask(town, "post", **order, amount_fen=500))["result"] == "reversed"
    assert (await ask(town, "post", bill_no="PB9", payment_no="K1", amount_fen=1))["result"] == "not-found"


async def test_a_case_is_taken_once(town: House) -> None:
    first = await ask(town, "submit", case_no="1" * 43, service_id="x", form={})
    assert first["result"] == "ok"
    assert await ask(town, "submit", case_no="1" * 43, service_id="x", form={}) == first
    assert (await ask(town, "submit", case_no="2" * 43))["department_no"] != first["department_no"]
    assert (await ask(town, "status", case_no="1" * 43)) == {"result": "ok", "stage": "accepted", "at": first["at"]}
    assert (await ask(town, "status", case_no="3" * 43)) == {"result": "no-record"}


async def test_places_run_out(town: House) -> None:
    slots = (await ask(town, "slots"))["slots"]
    assert {(one["from"], one["to"], one["place_zh"]) for one in slots} == {
        ("09:00", "09:30", "公园"),
        ("14:00", "14:30", "公园"),
    }
    assert all(date.fromisoformat(one["day"]).isoweekday() <= 5 for one in slots)
    assert all(one["day"] > today().isoformat() for one in slots)
    slot = slots[0]["slot"]
    booked = [await ask(town, "book", slot=slot, request_no=number, **ZHANG) for number in ("r1", "r2", "r1")]
    assert booked[0] == booked[2] != booked[1]
    assert await ask(town, "book", slot=slot, request_no="r3") == {"result": "full"}
    assert next(one["left"] for one in (await ask(town, "slots"))["slots"] if one["slot"] == slot) == 0
    assert await ask(town, "book", slot="20200101-0900", request_no="r4") == {"result": "full"}
    later = slots[-1]["day"]
    assert {one["day"] for one in (await ask(town, "slots", day=later))["slots"]} == {later}
    assert (await ask(town, "slots", day="2099-01-01"))["slots"] == []


async def test_faults_of_any_system(town: House) -> None:
    await town.control(departments={"parks": {"down": True}})
    with pytest.raises(Refused) as caught:
        await ask(town, "tree", **ZHANG)
    assert caught.value.code is ProblemCode.DEPARTMENT_DOWN
    await town.control(departments={"parks": {"delay_s": 0.3}})
    began = time.monotonic()
    await asyncio.gather(ask(town, "tree", **ZHANG), ask(town, "ping"))
    assert time.monotonic() - began >= 0.3
    await town.control(departments={"parks": {"refuse": "not-entitled"}})
    assert await ask(town, "submit", case_no="4" * 43) == {"result": "refused", "reason": "not-entitled"}
    assert (await ask(town, "tree", **ZHANG))["result"] == "ok"  # it refuses applications, nothing else
    await town.control(reset=True)
    assert (await ask(town, "submit", case_no="4" * 43))["result"] == "ok"


async def test_reset_forgets(town: House) -> None:
    await ask(town, "post", bill_no="PB1", payment_no="K1", amount_fen=500)
    await ask(town, "submit", case_no="5" * 43)
    assert (await ask(town, "message", text="x"))["result"] == "ok"
    await town.control(reset=True)
    assert (await ask(town, "bill", account="100001"))["result"] == "ok"
    assert (await ask(town, "status", case_no="5" * 43))["result"] == "no-record"
    assert town.sandbox.state.sandbox.notes == []


@pytest.mark.parametrize("params", [{}, {"bill_no": "PB1"}])
async def test_parameters_that_make_no_sense(town: House, params: dict[str, Any]) -> None:
    for deed in ("bill", "post", "submit", "book"):
        with pytest.raises(Refused):
            await ask(town, deed, **params)
    with pytest.raises(Refused):
        await ask(town, "undeclared")


def test_one_broken_file_closes_one_system(tmp_path: Path) -> None:
    declared, known = written(tmp_path)
    (declared / "zoo.yaml").write_text(DECLARED.replace("parks", "zoo"), "utf-8")
    (known / "zoo.yaml").write_text("records: [", "utf-8")
    found = read_departments(declared, known)
    assert set(found.systems) == {"parks"}
    assert set(found.broken) == {"zoo"}
    (known / "zoo.yaml").write_text("record: {}", "utf-8")  # a misspelt key is no data
    assert set(read_departments(declared, known).broken) == {"zoo"}
