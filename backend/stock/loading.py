"""Staff put blanks into a kiosk and take them out. The caller commits."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.devices.models import Device
from backend.fleet.models import Kiosk
from backend.regions.division import COUNTRY
from backend.staff.audit import record
from backend.stock.models import BlankState, StockBlank

AT_MOST = 2000  # sheets in one go: more does not fit into any tray

_SERIAL = re.compile(r"([A-Za-z0-9-]*?)(\d{1,12})")
_STOCK = re.compile(r"[a-z][a-z0-9-]{0,59}")


class StockError(Exception):
    """It cannot be done; the message says why and what to do."""


def serials(first: str, last: str) -> list[str]:
    """All numbers of a range such as QK0001201 to QK0001300. Raises StockError."""
    begin, end = _SERIAL.fullmatch(first), _SERIAL.fullmatch(last)
    if begin is None or end is None or len(first) > 40:
        raise StockError("a blank's number is letters, digits and dashes, and ends with digits")
    if begin[1] != end[1] or len(begin[2]) != len(end[2]):
        raise StockError("the two numbers of a range differ in their last digits only")
    low, high = int(begin[2]), int(end[2])
    if high < low:
        raise StockError("the range ends before it begins")
    if high - low >= AT_MOST:
        raise StockError(f"at most {AT_MOST} blanks at once")
    return [f"{begin[1]}{number:0{len(begin[2])}d}" for number in range(low, high + 1)]


async def load(
    session: AsyncSession, actor: str, kiosk_id: str, stock: str, first: str, last: str, at: datetime
) -> int:
    """The number of blanks put in. Those that were withdrawn elsewhere may be put in again. Raises StockError."""
    if not _STOCK.fullmatch(stock):
        raise StockError("a stock's name is small letters, digits and dashes, as the service's content names it")
    region = await _region_of(session, kiosk_id)
    wanted = serials(first, last)
    known = {
        blank.serial: blank
        for blank in await session.scalars(
            select(StockBlank).where(StockBlank.stock == stock, StockBlank.serial.in_(wanted))
        )
    }
    taken = sorted(serial for serial, blank in known.items() if blank.state != BlankState.WITHDRAWN)
    if taken:
        place = known[taken[0]]
        raise StockError(f"{taken[0]} is known already: {place.state}, kiosk {place.kiosk_id}")
    for blank in known.values():  # anew, so that it lies behind those that are there
        await session.delete(blank)
    await session.flush()
    for serial in wanted:
        session.add(
            StockBlank(
                kiosk_id=kiosk_id,
                stock=stock,
                serial=serial,
                state=BlankState.FREE.value,
                loaded_by=actor,
                loaded_at=at,
                changed_at=at,
            )
        )
    await session.flush()
    await _record(session, actor, "stock.load", kiosk_id, region, at, stock, first, last, len(wanted))
    return len(wanted)


async def withdraw(
    session: AsyncSession, actor: str, kiosk_id: str, stock: str, first: str, last: str, at: datetime
) -> int:
    """Take unused blanks out; the number taken. Raises StockError if there is none of them."""
    region = await _region_of(session, kiosk_id)
    gone = await session.execute(
        update(StockBlank)
        .where(
            StockBlank.kiosk_id == kiosk_id,
            StockBlank.stock == stock,
            StockBlank.serial.in_(serials(first, last)),
            StockBlank.state == BlankState.FREE.value,
        )
        .values(state=BlankState.WITHDRAWN.value, changed_at=at)
        .returning(StockBlank.id)
    )
    number = len(gone.all())
    if not number:
        raise StockError("none of these blanks lies unused in this kiosk")
    await _record(session, actor, "stock.withdraw", kiosk_id, region, at, stock, first, last, number)
    return number


async def _region_of(session: AsyncSession, kiosk_id: str) -> str:
    region = await session.scalar(select(Kiosk.region_code).where(Kiosk.kiosk_id == kiosk_id))
    if region is None and await session.get(Device, kiosk_id) is None:
        raise StockError(f"there is no kiosk {kiosk_id}")
    return region or COUNTRY


async def _record(
    session: AsyncSession,
    actor: str,
    action: str,
    kiosk_id: str,
    region: str,
    at: datetime,
    stock: str,
    first: str,
    last: str,
    number: int,
) -> None:
    detail = {"stock": stock, "first": first, "last": last, "number": number}
    await record(session, actor, action, f"kiosk:{kiosk_id}", at, region_code=region, detail=detail)
