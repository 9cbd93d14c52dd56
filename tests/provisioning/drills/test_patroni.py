"""The drill with a PostgreSQL and its standby: the primary dies under load, nothing acknowledged is lost."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

import pytest

from backend.db.engine import make_engine, make_sessions, writing
from backend.fleet.models import KioskEvent
from provisioning.drills.patroni_book import Book, compare
from provisioning.drills.patroni_cli import LIMIT_S, drill
from provisioning.drills.patroni_cluster import missing
from tests.postgres import fresh_postgres

_ABSENT = missing()
_NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.timeout(300)
@pytest.mark.skipif(bool(_ABSENT), reason=f"not installed: {', '.join(_ABSENT)}")
@pytest.mark.skipif(
    os.environ.get("MENKOU_TEST_HA") != "1", reason="takes a minute: MENKOU_TEST_HA=1, or make drill-ha"
)
def test_the_primary_dies() -> None:
    (figure,) = drill(["machine"])
    assert figure.missing == 0
    assert figure.chain
    assert figure.moved
    assert figure.gap_s <= LIMIT_S
    assert figure.acknowledged > 100


async def test_the_book_misses_what_is_gone() -> None:
    """The drill can fail: an acknowledged write that is not there is found."""
    engine = make_engine(fresh_postgres())
    sessions, book = make_sessions(engine), Book()
    async with writing(sessions) as session:
        detail = {"number": 1}
        event = KioskEvent(
            kiosk_id="events-1", region_code="9900", at=_NOW, kind="drill", severity="info", detail=detail
        )
        session.add(event)
        await session.commit()
    book.acknowledged = {("events-1", 1), ("events-1", 2)}
    lost, there, fault = await compare(sessions, book)
    await engine.dispose()
    assert (lost, there, fault) == ({("events-1", 2)}, 1, None)


def test_the_longest_gap() -> None:
    now = time.monotonic()
    book = Book(times=[now - 30, now - 20, now - 12, now - 11, now])
    assert book.longest_gap(now - 21) == pytest.approx(11, abs=0.5)
    assert Book().longest_gap(now - 5) == pytest.approx(5, abs=0.5)
