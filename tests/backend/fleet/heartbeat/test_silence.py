"""Kiosks that fall silent, and a desk that was deaf itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from backend.db.engine import Sessions
from backend.fleet.models import KioskEvent, KioskPulse
from backend.fleet.silence import DEAF_AFTER, declare_silent, listening
from tests.backend.desk import Desk
from tests.backend.fleet.enrolled import enrolled_kiosks, pulse_of, state_of
from tests.backend.fleet.heartbeat.beating import beat, beating


async def history(sessions: Sessions) -> list[tuple[str, str]]:
    async with sessions() as session:
        rows = await session.execute(select(KioskEvent.kiosk_id, KioskEvent.kind).order_by(KioskEvent.id))
        return [(row.kiosk_id, row.kind) for row in rows]


async def listen_until(sessions: Sessions, start: datetime, end: datetime) -> None:
    while start < end:
        await listening(sessions, start)
        start += timedelta(seconds=20)
    await listening(sessions, end)


async def test_silent_after_two_intervals_and_back(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, "K-1", "K-2", "K-never")
    now = datetime.now(UTC)
    await listen_until(desk.sessions, now - timedelta(seconds=300), now)
    async with beating(desk, "K-1") as one, beating(desk, "K-2") as two:
        await beat(one, 1)
        await beat(two, 1)
        desk.app.state.heartbeats.clock = lambda: now + timedelta(seconds=100)
        await beat(two, 2)
        await listen_until(desk.sessions, now, now + timedelta(seconds=150))
        assert await declare_silent(desk.sessions, now + timedelta(seconds=140)) == 0
        assert await declare_silent(desk.sessions, now + timedelta(seconds=150)) == 1
        assert await declare_silent(desk.sessions, now + timedelta(seconds=150)) == 0
        state = await state_of(desk.sessions, "K-1")
        assert (state.online, state.health) == (False, "offline")
        assert (await state_of(desk.sessions, "K-2")).online
        assert (await state_of(desk.sessions, "K-never")).health == "planned"
        assert (await beat(one, 2)).status_code == 200  # the same report as before
    state = await state_of(desk.sessions, "K-1")
    assert (state.online, state.health) == (True, "ok")
    assert await history(desk.sessions) == [
        ("K-1", "online"),
        ("K-2", "online"),
        ("K-1", "offline"),
        ("K-1", "online"),
    ]


async def test_a_deaf_desk_accuses_nobody(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, "K-1")
    now = datetime.now(UTC)
    await listening(desk.sessions, now - timedelta(hours=1))
    async with beating(desk) as client:
        await beat(client, 1)
    late = now + timedelta(hours=1)
    assert await declare_silent(desk.sessions, late) == 0  # nobody has listened for an hour
    await listening(desk.sessions, late)
    assert await declare_silent(desk.sessions, late) == 0  # the kiosk has had no time to come back
    await listen_until(desk.sessions, late, late + timedelta(seconds=140))
    assert await declare_silent(desk.sessions, late + timedelta(seconds=140)) == 0
    await listen_until(desk.sessions, late + timedelta(seconds=140), late + timedelta(seconds=160))
    assert await declare_silent(desk.sessions, late + timedelta(seconds=160)) == 1


async def test_a_desk_that_was_never_opened(sessions: Sessions) -> None:
    assert await declare_silent(sessions, datetime.now(UTC)) == 0


async def test_several_processes_hear_together(sessions: Sessions) -> None:
    from backend.fleet.silence import hearing

    start = datetime.now(UTC)
    await listening(sessions, start)
    await listening(sessions, start + DEAF_AFTER)
    async with sessions() as session:
        heard = await hearing(session)
        assert heard is not None
        assert (heard.since, heard.at) == (start, start + DEAF_AFTER)
    await listening(sessions, start + DEAF_AFTER * 2.5)
    async with sessions() as session:
        heard = await hearing(session)
        assert heard is not None
        assert heard.since == heard.at


async def test_a_slower_pace_is_waited_for(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, "K-1")
    now = datetime.now(UTC)
    async with desk.sessions() as session:
        await session.execute(update(KioskPulse).values(interval_s=600))
        await session.commit()
    async with beating(desk) as client:
        assert (await beat(client, 1)).json()["interval_s"] == 600
    patience = (await pulse_of(desk.sessions, "K-1")).patience_s
    await listen_until(desk.sessions, now, now + timedelta(seconds=patience + 30))
    assert await declare_silent(desk.sessions, now + timedelta(seconds=patience - 5)) == 0
    assert await declare_silent(desk.sessions, now + timedelta(seconds=patience + 30)) == 1


async def test_in_several_transactions(desk: Desk) -> None:
    kiosks = [f"K-{n}" for n in range(7)]
    await enrolled_kiosks(desk.sessions, *kiosks)
    now = datetime.now(UTC)
    for kiosk_id in kiosks:
        async with beating(desk, kiosk_id) as client:
            await beat(client, 1)
    await listen_until(desk.sessions, now, now + timedelta(seconds=200))
    assert await declare_silent(desk.sessions, now + timedelta(seconds=200), at_once=3) == 7
