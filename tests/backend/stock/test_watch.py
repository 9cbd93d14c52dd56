"""Staff hear of blanks that run out before the last one is gone."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from backend.alerts.desk_watch import DeskWatch
from backend.alerts.messages import what
from backend.alerts.models import Alert
from backend.operations.jobs import Jobs
from backend.stock.watch import low_stocks
from tests.backend.hall import Hall
from tests.backend.stock.test_blanks import load, reserve


async def test_few_are_left(hall: Hall) -> None:
    await load(hall, "QK0001", "QK0021")
    await load(hall, "QK0101", "QK0130", "kiosk-2")
    watch = DeskWatch(hall.sessions, Jobs(hall.sessions))
    for number in range(3):
        await watch.run()
        async with hall.sessions() as session:
            alerts = list(await session.scalars(select(Alert).where(Alert.rule == "stock-low")))
        assert len(alerts) == (1 if number == 2 else 0)
        await reserve(hall, f"intent-000{number}", f"c{number}")
    (alert,) = alerts
    assert (alert.kiosk_id, alert.severity) == ("kiosk-1", "warning")
    assert what(alert, "zh") == "空白营业执照还剩 19 张"
    assert what(alert, "en") == "19 blank business licences left"
    await load(hall, "QK0031", "QK0060")
    async with hall.sessions() as session:
        assert await low_stocks(session, 20, datetime.now(UTC)) == []
