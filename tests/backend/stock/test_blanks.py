"""What becomes of blanks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from backend.contract.kiosk_api import DeliveryOutcome
from backend.db.engine import writing
from backend.problems import Refused
from backend.staff.audit import AuditEntry
from backend.stock import loading, service
from backend.stock.loading import StockError, serials
from backend.stock.models import StockBlank
from tests.backend.hall import Hall

STOCK = "business-licence"
USED = f"/stock/{STOCK}/used"


async def load(hall: Hall, first: str, last: str, kiosk: str = "kiosk-1") -> int:
    async with writing(hall.sessions) as session:
        number = await loading.load(session, "tester", kiosk, STOCK, first, last, datetime.now(UTC))
        await session.commit()
    return number


async def reserve(hall: Hall, intent: str, certificate: str, kiosk: str = "kiosk-1") -> str:
    async with writing(hall.sessions) as session:
        blank = await service.reserve(session, kiosk, STOCK, intent, certificate)
        await session.commit()
    return blank.serial


async def settle(hall: Hall, certificate: str, outcome: DeliveryOutcome) -> None:
    async with writing(hall.sessions) as session:
        await service.settle(session, certificate, outcome)
        await session.commit()


async def states(hall: Hall) -> dict[str, str]:
    async with hall.sessions() as session:
        return {blank.serial: blank.state for blank in await session.scalars(select(StockBlank))}


def use(intent: str, **changes: Any) -> dict[str, Any]:
    return {"intent_id": intent} | changes


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("QK0009", "QK0011", ["QK0009", "QK0010", "QK0011"]),
        ("7", "7", ["7"]),
        ("A-2026-099", "A-2026-100", ["A-2026-099", "A-2026-100"]),
    ],
)
def test_a_range(first: str, last: str, expected: list[str]) -> None:
    assert serials(first, last) == expected


@pytest.mark.parametrize(
    ("first", "last"),
    [("QK0011", "QK0009"), ("QK1", "QK10"), ("QK1", "ZZ2"), ("QK", "QK"), ("号1", "号2"), ("0001", "5001"), ("", "")],
)
def test_no_range(first: str, last: str) -> None:
    with pytest.raises(StockError):
        serials(first, last)


async def test_loaded_once_and_counted(hall: Hall) -> None:
    assert (await hall.house.call("GET", "/hello")).json()["stock"] == {}
    assert await load(hall, "QK0001", "QK0003") == 3
    with pytest.raises(StockError, match="QK0003 is known already: free, kiosk kiosk-1"):
        await load(hall, "QK0003", "QK0005", "kiosk-2")
    with pytest.raises(StockError, match="no kiosk"):
        await load(hall, "QK0010", "QK0011", "kiosk-9")
    assert (await hall.house.call("GET", "/hello")).json()["stock"] == {STOCK: 3}
    assert (await hall.house.call("GET", "/hello", kiosk="kiosk-2")).json()["stock"] == {}
    async with hall.sessions() as session:
        entry = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "stock.load"))).one()
    assert entry.detail == {"stock": STOCK, "first": "QK0001", "last": "QK0003", "number": 3}


async def test_withdrawn_blanks_may_lie_elsewhere(hall: Hall) -> None:
    await load(hall, "QK0001", "QK0003")
    await reserve(hall, "intent-0001", "c1")
    async with writing(hall.sessions) as session:
        at = datetime.now(UTC)
        assert await loading.withdraw(session, "tester", "kiosk-1", STOCK, "QK0001", "QK0003", at) == 2
        with pytest.raises(StockError):
            await loading.withdraw(session, "tester", "kiosk-1", STOCK, "QK0001", "QK0003", at)
        await session.commit()
    assert await load(hall, "QK0002", "QK0003", "kiosk-2") == 2
    assert (await hall.house.call("GET", "/hello")).json()["stock"] == {STOCK: 0}  # known, and used up


async def test_in_their_order_until_none_is_left(hall: Hall) -> None:
    await load(hall, "QK0001", "QK0002")
    assert await reserve(hall, "intent-0001", "c1") == "QK0001"
    assert await reserve(hall, "intent-0002", "c2") == "QK0002"
    with pytest.raises(Refused, match="no-stock"):
        await reserve(hall, "intent-0003", "c3")


async def test_printed_used_and_told_twice(hall: Hall) -> None:
    await load(hall, "QK0001", "QK0003")
    await reserve(hall, "intent-0001", "c1")
    await settle(hall, "c1", DeliveryOutcome.PRINTED)
    for _ in range(2):
        left = await hall.told(USED, use("intent-0001"))
        assert left == {"left": 2, "next_serial": "QK0002"}
    assert await states(hall) == {"QK0001": "used", "QK0002": "free", "QK0003": "free"}
    assert await hall.refused(USED, use("intent-0001", spoilt=True)) == "intent-conflict"


async def test_a_sheet_that_stayed_in_the_tray_is_taken_by_the_next(hall: Hall) -> None:
    await load(hall, "QK0001", "QK0002")
    await reserve(hall, "intent-0001", "c1")
    await settle(hall, "c1", DeliveryOutcome.NOT_PRINTED)
    assert await reserve(hall, "intent-0002", "c2") == "QK0001"


async def test_a_jam_that_the_delivery_tells_of(hall: Hall) -> None:
    await load(hall, "QK0001", "QK0002")
    await reserve(hall, "intent-0001", "c1")
    async with writing(hall.sessions) as session:
        await service.settle(session, "c1", DeliveryOutcome.NOT_PRINTED, "media-jam")
        await session.commit()
    assert await states(hall) == {"QK0001": "spoilt", "QK0002": "free"}


@pytest.mark.parametrize("settled_first", [True, False])
async def test_a_jammed_sheet_is_spoilt(hall: Hall, settled_first: bool) -> None:
    await load(hall, "QK0001", "QK0002")
    await reserve(hall, "intent-0001", "c1")
    if settled_first:
        await settle(hall, "c1", DeliveryOutcome.NOT_PRINTED)
    assert await hall.told(USED, use("intent-0001", spoilt=True)) == {"left": 1, "next_serial": "QK0002"}
    if not settled_first:
        await settle(hall, "c1", DeliveryOutcome.NOT_PRINTED)
    assert await states(hall) == {"QK0001": "spoilt", "QK0002": "free"}


async def test_nobody_knows_whether_it_was_printed(hall: Hall) -> None:
    await load(hall, "QK0001", "QK0002")
    await reserve(hall, "intent-0001", "c1")
    await settle(hall, "c1", DeliveryOutcome.UNKNOWN)
    assert (await states(hall))["QK0001"] == "reserved"  # it is not given out a second time
    await settle(hall, "c1", DeliveryOutcome.PRINTED)
    assert (await states(hall))["QK0001"] == "used"


async def test_another_sheet_lay_on_top(hall: Hall) -> None:
    await load(hall, "QK0001", "QK0003")
    await reserve(hall, "intent-0001", "c1")
    assert (await hall.told(USED, use("intent-0001", serial="QK0002")))["next_serial"] == "QK0001"
    assert await states(hall) == {"QK0001": "free", "QK0002": "used", "QK0003": "free"}
    async with hall.sessions() as session:
        blank = (await session.scalars(select(StockBlank).where(StockBlank.serial == "QK0002"))).one()
    assert blank.certificate_id == "c1"


async def test_a_spoilt_sheet_of_no_certificate(hall: Hall) -> None:
    await load(hall, "QK0001", "QK0002")
    assert (await hall.told(USED, use("intent-0009", spoilt=True)))["left"] == 1
    assert (await hall.told(USED, use("intent-0010", serial="QK0002", spoilt=True)))["left"] == 0
    assert await hall.refused(USED, use("intent-0011", spoilt=True)) == "not-found"


async def test_blanks_of_others(hall: Hall) -> None:
    await load(hall, "QK0001", "QK0001", "kiosk-2")
    for body in (use("intent-0001", serial="QK0001"), use("intent-0002", serial="QK0099"), use("intent-0003")):
        assert await hall.refused(USED, body) == "not-found"
    assert (await hall.post("/stock/NO%20STOCK/used", use("intent-0004"))).status_code == 422


async def test_a_used_blank_is_not_used_again(hall: Hall) -> None:
    await load(hall, "QK0001", "QK0002")
    await hall.told(USED, use("intent-0001", serial="QK0001"))
    assert await hall.refused(USED, use("intent-0002", serial="QK0001")) == "not-found"
