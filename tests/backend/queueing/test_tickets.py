"""Numbers, places and waits."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import inspect, select
from structlog.testing import capture_logs

from backend.appointments.models import AppointmentRow
from backend.appointments.settings import AppointmentSettings
from backend.cases.settings import CasesSettings
from backend.cases.tries import Tries
from backend.contract.service_api import Ticket, TicketRequest
from backend.db.engine import writing
from backend.deps import Kiosk
from backend.fleet.models import Kiosk as FleetKiosk
from backend.fleet.models import Site
from backend.problems import Refused
from backend.queueing.models import QueueTicket
from backend.queueing.service import QueueService, call_next, waiting
from backend.regions.division import COUNTRY
from tests.backend.hall import Hall, choice, make_service

SITE = "测试点"  # of the kiosks of the house
CHINA = ZoneInfo("Asia/Shanghai")
KIOSK = Kiosk("kiosk-1", SITE)


class Day:
    """A day in the hall, under a clock of its own."""

    def __init__(self, hall: Hall, **settings: Any) -> None:
        matters = choice("matter", social="社保", estate="不动产")
        matters["options"][1]["hint"] = {"zh": "3 号窗口", "en": "Window 3"}
        hall.add(make_service("queue-ticket", "queue-ticket", auth="A0", form=[matters]))
        self.hall = hall
        self.now = datetime(2026, 11, 23, 9, 0, tzinfo=CHINA)
        self.taken = 0
        self._service = QueueService(
            hall.sessions,
            hall.offer,
            AppointmentSettings(**settings),
            Tries(hall.sessions, hall.house.backend.state.vault, CasesSettings(), "booking-try"),
            clock=lambda: self.now.astimezone(UTC),
        )

    async def take(self, matter: str = "social", intent: str = "", **changes: Any) -> Ticket:
        self.taken += 1
        intent = intent or f"intent-{self.taken:04d}"
        request = TicketRequest(intent_id=intent, service_id="queue-ticket", matter=matter, **changes)
        return await self._service.take(KIOSK, request)

    async def call(self, *letters: str, window: str = "1") -> str | None:
        async with writing(self.hall.sessions) as session:
            ticket = await call_next(session, SITE, window, letters, self.now.astimezone(UTC))
            await session.commit()
        return ticket.label if ticket else None

    async def book(self, number: str, at: str, day: str = "2026-11-23", kiosk: str = "kiosk-1") -> None:
        async with writing(self.hall.sessions) as session:
            session.add(
                AppointmentRow(
                    number=f"ours-{number}",
                    kiosk_id=kiosk,
                    intent_id=f"booking-{number}",
                    request_mac="",
                    service_id="counter",
                    matter="social",
                    slot_id=at,
                    day=datetime.fromisoformat(day).date(),
                    from_time=at,
                    to_time="23:59",
                    slots_left=1,
                    place_zh="大厅",
                    place_en="Hall",
                    title_zh="预约",
                    title_en="Booking",
                    person_hash="hash",
                    state="booked",
                    booking_no=number,
                    asked_at=datetime(2026, 11, 20, tzinfo=UTC),
                )
            )
            await session.commit()


async def test_through_the_route(hall: Hall) -> None:
    Day(hall)
    body = {"intent_id": "intent-0001", "service_id": "queue-ticket", "matter": "estate"}
    with capture_logs() as logs:
        ticket = await hall.told("/queue/tickets", body)
    assert ticket["number"] == "B001"
    assert (ticket["ahead"], ticket["wait_minutes"]) == (0, None)
    assert (ticket["window_en"], ticket["matter_zh"]) == ("Window 3", "不动产")
    assert await hall.told("/queue/tickets", body) == ticket
    assert await hall.refused("/queue/tickets", body | {"matter": "social"}) == "intent-conflict"
    assert await hall.refused("/queue/tickets", body | {"intent_id": "intent-0002", "matter": "x"}) == "form-invalid"
    assert await hall.refused("/queue/tickets", body | {"service_id": "water-bill"}) == "service-unknown"
    assert "ticket_issued" in json.dumps(logs, default=str)


async def test_no_column_could_name_anybody(hall: Hall) -> None:
    assert {column.name for column in inspect(QueueTicket).columns} == {
        "kiosk_id",
        "intent_id",
        "site_id",
        "region_code",
        "day",
        "letter",
        "number",
        "rank",
        "service_id",
        "matter",
        "state",
        "issued_at",
        "called_at",
        "window",
    }


async def test_numbers_by_window_group_and_day(hall: Hall) -> None:
    day = Day(hall)
    assert [(await day.take()).number for _ in range(3)] == ["A001", "A002", "A003"]
    assert (await day.take("estate")).number == "B001"
    third = await day.take()
    assert (third.number, third.ahead) == ("A004", 3)
    day.now += timedelta(days=1)
    fresh = await day.take()
    assert (fresh.number, fresh.ahead) == ("A001", 0)


async def test_called_in_their_order(hall: Hall) -> None:
    day = Day(hall)
    for matter in ("social", "estate", "social"):
        await day.take(matter)
        day.now += timedelta(minutes=1)
    async with hall.sessions() as session:
        assert await waiting(session, SITE, day.now.astimezone(UTC)) == {"A": 2, "B": 1}
    assert [await day.call("b"), await day.call(), await day.call(), await day.call()] == ["B001", "A001", "A002", None]
    async with hall.sessions() as session:
        called = {ticket.label: ticket for ticket in await session.scalars(select(QueueTicket))}
    assert (called["B001"].state, called["B001"].window) == ("called", "1")


async def test_priority_goes_first(hall: Hall) -> None:
    day = Day(hall)
    await day.take()
    await day.take()
    preferred = await day.take(priority=True)
    assert preferred.ahead == 0
    assert (await day.take()).ahead == 3
    assert (await day.take(priority=True)).ahead == 1
    assert [await day.call() for _ in range(3)] == ["A003", "A005", "A001"]


async def test_how_long_it_takes_is_said_when_it_is_known(hall: Hall) -> None:
    day = Day(hall)
    for _ in range(4):
        assert (await day.take()).wait_minutes is None
    for _ in range(4):
        assert (await day.take()).wait_minutes is None
        await day.call()
        day.now += timedelta(minutes=6)
    last = await day.take()
    assert (last.ahead, last.wait_minutes) == (4, 24)
    day.now += timedelta(hours=2)  # nobody has called for long: it is not known any more
    assert (await day.take()).wait_minutes is None


@pytest.mark.parametrize(
    ("clock", "ahead"),
    [("09:44", 2), ("09:45", 0), ("10:00", 0), ("10:15", 0), ("10:16", 2)],
)
async def test_a_booking_has_its_place_at_its_time(hall: Hall, clock: str, ahead: int) -> None:
    day = Day(hall, early_min=15, late_min=15)
    await day.book("YY2026-7", "10:00")
    await day.take()
    await day.take()
    day.now = day.now.replace(hour=int(clock[:2]), minute=int(clock[3:]))
    assert (await day.take(booking_no="yy2026-7 ")).ahead == ahead


async def test_a_booking_gives_its_place_once(hall: Hall) -> None:
    day = Day(hall)
    await day.book("YY1", "09:00")
    await day.take()
    first = await day.take(booking_no="YY1")
    assert first.ahead == 0
    assert (await day.take(booking_no="YY1", intent=first.intent_id)).number == first.number
    assert (await day.take(booking_no="YY1")).ahead == 2
    # Somebody with priority is not set back by a booking.
    await day.book("YY2", "15:00")
    assert (await day.take(booking_no="YY2", priority=True)).ahead == 0


async def test_a_booking_nobody_knows(hall: Hall) -> None:
    day = Day(hall)
    await day.book("YY1", "09:00", day="2026-11-24")
    for number in ("YY1", "YY9"):
        with pytest.raises(Refused, match="not-found: booking"):
            await day.take(booking_no=number)


async def test_a_booking_is_for_its_own_matter(hall: Hall) -> None:
    day = Day(hall)
    await day.book("YY1", "09:00")
    with pytest.raises(Refused, match="not-found: booking"):
        await day.take("estate", booking_no="YY1")
    assert (await arrivals(hall)) == [None]
    await day.take("social", booking_no="YY1")
    assert (await arrivals(hall)) != [None]


@pytest.mark.parametrize(
    ("made", "comes", "good"),
    [
        ("519999001001", "519999002000", True),
        ("519999001001", "519900000000", True),  # the city's own hall
        ("519999001001", "519998001001", False),
        ("519900000000", "519999001001", False),
        ("519999001001", COUNTRY, False),  # nobody has said where it stands
    ],
)
async def test_a_booking_is_for_its_own_county(hall: Hall, made: str, comes: str, good: bool) -> None:
    day = Day(hall)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    async with writing(hall.sessions) as session:
        for name, region in (("far-1", made), ("kiosk-1", comes)):
            session.add(Site(site_id=name, region_code=region, name_zh=name, name_en=name, created_at=at))
            await session.flush()
            session.add(FleetKiosk(kiosk_id=name, site_id=name, region_code=region, identity="enrolled", created_at=at))
        await session.commit()
    await day.book("YY1", "09:00", kiosk="far-1")
    if good:
        await day.take(booking_no="YY1")
    else:
        with pytest.raises(Refused, match="not-found: booking"):
            await day.take(booking_no="YY1")


async def test_booking_numbers_are_not_to_be_guessed(hall: Hall) -> None:
    day = Day(hall)
    await day.book("YY1", "09:00")
    right = await day.take(booking_no="YY1")
    for number in range(30):
        with pytest.raises(Refused, match="not-found: booking"):
            await day.take(booking_no=f"ZZ{number}")
    for number in ("ZZ99", "YY1"):
        with pytest.raises(Refused, match="too-many-tries"):
            await day.take(booking_no=number)
    # Asked again for what was given, and without any booking, it is as ever.
    assert (await day.take(booking_no="YY1", intent=right.intent_id)).number == right.number
    await day.take()


async def arrivals(hall: Hall) -> list[datetime | None]:
    async with hall.sessions() as session:
        return list(await session.scalars(select(AppointmentRow.arrived_at)))


async def test_a_service_without_matters(hall: Hall) -> None:
    day = Day(hall)
    hall.add(make_service("queue-ticket", "queue-ticket", auth="A0"))
    assert (await day.take("")).number == "A001"


async def test_what_is_old_goes(hall: Hall) -> None:
    day = Day(hall)
    await day.take()
    day.now += timedelta(days=31)
    await day.take()
    async with hall.sessions() as session:
        assert len((await session.scalars(select(QueueTicket))).all()) == 1
