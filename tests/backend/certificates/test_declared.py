"""Certificates of services that are content only: what is on the sheet, what the preview hides, how often, on what."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.certificates.models import Certificate
from backend.certificates.registry import mapping_for
from backend.certificates.sheet import masked_data
from backend.db.engine import writing
from backend.sandbox.licences import COMPANY, make_licence
from backend.stock.models import StockBlank
from tests.backend.certificates.test_issue import text_of
from tests.backend.hall import NAME, NUMBER, Hall, choice, make_service
from tests.backend.stock.test_blanks import load, states

USCC = "12519999000000035C"
LINES = [{"month": f"2026-{month:02d}", "fen": 204000, "employer": "青口示范科技有限公司"} for month in range(1, 11)]
RECORD = {
    "entries": [
        {"label": {"zh": "个人账号", "en": "Account"}, "value": "account_no", "private": True},
        {"label": {"zh": "用途", "en": "Purpose"}, "value": "purpose"},
    ],
    "table": {
        "rows": "lines",
        "columns": [
            {"label": {"zh": "月份", "en": "Month"}, "value": "month", "format": "month"},
            {"label": {"zh": "单位", "en": "Employer"}, "value": "employer", "private": True},
            {"label": {"zh": "金额", "en": "Amount"}, "value": "fen", "format": "fen"},
        ],
        "empty": {"zh": "这段时间没有查到记录", "en": "Nothing was found"},
    },
    "note": {"zh": "以打印时的登记为准", "en": "As registered at this moment"},
}
PAPER = {
    "template": "record-sheet",
    "type_code": f"{USCC}128",
    "title": {"zh": "缴存明细", "en": "Statement"},
}


def offered(hall: Hall, journey: str = "certificate", paper: dict[str, Any] | None = None, **changes: Any) -> None:
    plain: dict[str, Any] = {
        "operation": "fund.statement",
        "record": RECORD,
        "certificate": {**PAPER, **(paper or {})},
        "form": [choice("purpose", home="购房", work="求职")],
    }
    hall.add(make_service("fund-proof", journey, **(plain | changes)))
    hall.departments.answers["fund.statement"] = {"result": "ok", "account_no": "6217000001", "lines": LINES}


async def wanted(hall: Hall, intent: str = "intent-0001", **changes: Any) -> dict[str, Any]:
    body = {"intent_id": intent, "service_id": "fund-proof", "form": {"purpose": "home"}}
    return {**body, "proof_id": await hall.proof()} | changes


async def stored(hall: Hall) -> Certificate:
    async with hall.sessions() as session:
        row: Certificate = (await session.execute(select(Certificate))).scalar_one()
    return row


@pytest.mark.parametrize("journey", ["certificate", "query"])
async def test_a_sheet_of_a_declared_record(hall: Hall, journey: str, tmp_path: Path) -> None:
    offered(hall, journey)
    certificate = await hall.told("/certificates", await wanted(hall))
    assert certificate["title_en"] == "Statement"
    content = json.loads((await stored(hall)).data)["content"]
    assert content["entries"][1] == {
        "label_zh": "用途",
        "label_en": "Purpose",
        "value_zh": "购房",
        "value_en": "购房",
        "private": False,
    }
    assert content["table"]["rows"][0][2] == {"zh": "¥2,040.00", "en": "¥2,040.00"}
    pdf = (await hall.house.call("GET", "/certificates/intent-0001/file")).content
    printed = text_of(pdf, tmp_path)
    for words in (NAME, NUMBER, "个人账号", "6217000001", "2026.10", "2,040.00", "以打印时的登记为准", "购房"):
        assert words in printed, words


async def test_an_empty_table_says_so(hall: Hall) -> None:
    offered(hall)
    hall.departments.answers["fund.statement"] = {"result": "ok", "account_no": "", "lines": []}
    body = await wanted(hall)
    review = await hall.told("/certificates/review", body)
    assert review["entries"][-1]["value_zh"] == "这段时间没有查到记录"
    assert [entry["value_zh"] for entry in review["entries"] if entry["label_zh"] == "个人账号"] == ["—"]
    assert (await hall.told("/certificates", body))["pages"] == 1


async def test_the_review_is_masked_and_short(hall: Hall) -> None:
    offered(hall)
    response = await hall.post("/certificates/review", await wanted(hall))
    entries = {entry["label_zh"]: entry["value_zh"] for entry in response.json()["entries"]}
    assert entries["个人账号"] == "****"
    assert entries["第 1 条"] == "2026.01，****，¥2,040.00"
    assert "第 9 条" not in entries
    assert entries["还有"] == "2 条，会一起打印"
    for secret in (NAME, NUMBER, "6217000001", "示范科技"):
        assert secret not in response.text


async def test_the_preview_hides_what_is_private(hall: Hall) -> None:
    offered(hall)
    await hall.told("/certificates", await wanted(hall))
    del hall.offer.own["fund-proof"]  # the service is offered no more, what was issued can still be looked at
    preview = await hall.house.call("GET", "/certificates/intent-0001/preview")
    assert preview.content.startswith(b"\x89PNG")
    clear = json.loads((await stored(hall)).data)
    masked = json.dumps(masked_data(clear, mapping_for(clear["content"])), ensure_ascii=False)
    for secret in (NAME, NUMBER, "6217000001", "示范科技"):
        assert secret in json.dumps(clear, ensure_ascii=False)
        assert secret not in masked
    assert "2,040.00" in masked  # not declared private


@pytest.mark.parametrize("change", [{"certificate": None}, {"operation": None}, {"record": None}])
async def test_a_service_that_cannot_print(hall: Hall, change: dict[str, Any]) -> None:
    offered(hall, "query", **change)
    assert await hall.refused("/certificates", await wanted(hall)) == "service-unknown"


@pytest.mark.parametrize("auth", ["A0", "A1"])
async def test_no_paper_without_a_proven_holder(hall: Hall, auth: str) -> None:
    """A service may show on the screen what a card opens; a certificate is made out to somebody who was there."""
    offered(hall, "query", auth=auth)
    card = {"proof_id": None, "name": NAME, "number": NUMBER}
    assert await hall.refused("/certificates", await wanted(hall, **card)) == "proof-expired"
    assert await hall.refused("/certificates/review", await wanted(hall, **card)) == "proof-expired"
    assert hall.departments.asked == []


async def test_the_day_s_limit(hall: Hall) -> None:
    offered(hall, paper={"daily_limit": 2})
    first = await wanted(hall, "intent-0001")
    await hall.told("/certificates", first)
    await hall.told("/certificates", await wanted(hall, "intent-0002"))
    assert await hall.refused("/certificates", await wanted(hall, "intent-0003")) == "daily-limit"
    assert await hall.refused("/certificates/review", await wanted(hall)) == "daily-limit"
    assert (await hall.told("/certificates", first))["intent_id"] == "intent-0001"  # a repeat prints nothing more
    # A jam is not the resident's print, and tomorrow is another day.
    await hall.told("/certificates/intent-0002/delivery", {"outcome": "not-printed", "reason": "media-jam"})
    await hall.told("/certificates", await wanted(hall, "intent-0004"))
    assert await hall.refused("/certificates", await wanted(hall, "intent-0005")) == "daily-limit"
    async with writing(hall.sessions) as session:
        await session.execute(update(Certificate).values(issued_at=datetime.now(UTC) - timedelta(days=1)))
        await session.commit()
    await hall.told("/certificates", await wanted(hall, "intent-0006"))
    # Other people have limits of their own.
    other = await hall.proof("李样本", "519999199001010025")
    assert (await hall.told("/certificates", await wanted(hall, "intent-0007", proof_id=other)))["state"] == "issued"


async def test_two_kiosks_at_once_do_not_print_beyond_the_limit(hall: Hall) -> None:
    offered(hall, paper={"daily_limit": 1})
    bodies = [
        (await wanted(hall, f"intent-000{number}", proof_id=await hall.proof(kiosk=kiosk)), kiosk)
        for number, kiosk in enumerate(("kiosk-1", "kiosk-2", "kiosk-1", "kiosk-2"))
    ]
    answers = await asyncio.gather(*(hall.post("/certificates", body, kiosk) for body, kiosk in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"daily-limit"}
    assert len(list((hall.house.settings.var_dir / "certificates").iterdir())) == 1


async def test_a_licence_takes_a_blank(hall: Hall) -> None:
    offered(hall, "licence", {"stock": "business-licence"}, auth="L1")
    licence = {"proof_id": None, "licence": make_licence()}
    assert await hall.refused("/certificates/review", await wanted(hall, **licence)) == "no-stock"
    assert await hall.refused("/certificates", await wanted(hall, **licence)) == "no-stock"
    assert hall.departments.asked == []  # a department is not asked for what cannot be printed
    await load(hall, "QK0007", "QK0008")
    review = await hall.told("/certificates/review", await wanted(hall, **licence))
    assert [entry["value_zh"] for entry in review["entries"][:2]] == [COMPANY["name"], COMPANY["uscc"]]
    await hall.told("/certificates", await wanted(hall, "intent-0001", **licence))
    row = await stored(hall)
    assert (row.holder_name, row.proof_method) == (COMPANY["name"], "licence")
    assert json.loads(row.data)["holder_kind"] == "organisation"
    async with hall.sessions() as session:
        blanks = {blank.serial: blank for blank in await session.scalars(select(StockBlank))}
    assert (blanks["QK0007"].state, blanks["QK0007"].certificate_id) == ("reserved", row.id)
    assert blanks["QK0008"].state == "free"


async def test_what_becomes_of_the_blank_follows_the_delivery(hall: Hall) -> None:
    offered(hall, "licence", {"stock": "business-licence"})
    await load(hall, "QK0007", "QK0009")
    for number, (outcome, reason) in enumerate((("printed", ""), ("not-printed", "media-jam"), ("not-printed", ""))):
        await hall.told("/certificates", await wanted(hall, f"intent-000{number}"))
        await hall.told(f"/certificates/intent-000{number}/delivery", {"outcome": outcome, "reason": reason})
    assert await states(hall) == {"QK0007": "used", "QK0008": "spoilt", "QK0009": "free"}


async def test_a_repeated_issue_takes_no_second_blank(hall: Hall) -> None:
    offered(hall, "licence", {"stock": "business-licence"})
    await load(hall, "QK0007", "QK0009")
    body = await wanted(hall)
    await asyncio.gather(*(hall.told("/certificates", body) for _ in range(3)))
    assert (await hall.house.call("GET", "/hello")).json()["stock"] == {"business-licence": 2}
