"""Writers that keep their own book: what the database has acknowledged must be there at the end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from backend.db.engine import Sessions, writing
from backend.fleet.models import KioskEvent
from backend.staff.audit import AuditEntry, ChainFault, record, verify_chain

_PAUSE_S = 0.02  # between two writes, and before the next try
_KIND = "drill"
_FAULTS = (SQLAlchemyError, OSError, TimeoutError)


@dataclass
class Book:
    """What was acknowledged: (writer, number), and when."""

    acknowledged: set[tuple[str, int]] = field(default_factory=set)
    times: list[float] = field(default_factory=list)  # time.monotonic()
    faults: Counter[str] = field(default_factory=Counter)

    def longest_gap(self, since: float) -> float:
        """Seconds without any acknowledged write, the longest that ended after `since`."""
        gap, last = 0.0, since
        for moment in self.times:
            if moment > since:
                gap, last = max(gap, moment - last), moment
        return max(gap, time.monotonic() - last)


async def write(sessions: Sessions, book: Book, name: str, stop: asyncio.Event) -> None:
    """One writer: history entries, or entries of the chained audit log if its name says so."""
    number = 0
    while not stop.is_set():
        number += 1
        try:
            async with writing(sessions) as session:
                if name.startswith("audit"):
                    await record(session, "system", _KIND, f"{name}:{number}", datetime.now(UTC))
                else:
                    session.add(
                        KioskEvent(
                            kiosk_id=name,
                            region_code="990000000000",
                            at=datetime.now(UTC),
                            kind=_KIND,
                            severity="info",
                            detail={"number": number},
                        )
                    )
                await session.commit()
        except _FAULTS as error:
            # Not acknowledged: it may be there or not. The next one has another number.
            book.faults[type(error).__name__] += 1
            await asyncio.sleep(_PAUSE_S * 5)
            continue
        book.acknowledged.add((name, number))
        book.times.append(time.monotonic())
        await asyncio.sleep(_PAUSE_S)


async def compare(sessions: Sessions, book: Book) -> tuple[set[tuple[str, int]], int, ChainFault | None]:
    """What is missing of what was acknowledged, how many rows are there, and the audit chain's fault."""
    async with sessions() as session:
        events = (await session.execute(select(KioskEvent.kiosk_id, KioskEvent.detail))).all()
        subjects = list(await session.scalars(select(AuditEntry.subject)))
        _, fault = await verify_chain(session)
    there = {(name, int(detail["number"])) for name, detail in events}
    there |= {(name, int(number)) for name, _, number in (subject.partition(":") for subject in subjects)}
    return book.acknowledged - there, len(there), fault
