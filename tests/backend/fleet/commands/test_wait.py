"""Long polls: who gets what, slow readers, and the end of the server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.asgi import with_doors
from backend.contract.fleet_api import FLEET_PREFIX, CommandKind
from backend.db.engine import Sessions, writing
from backend.fleet.commands import service, wait
from backend.fleet.commands.leases import take
from backend.fleet.commands.models import Command
from backend.fleet.commands.wait import WaitDoor
from backend.fleet.identity.peer import SCOPE_KEY, Peer
from backend.fleet.models import Kiosk, KioskPulse
from tests.backend.desk import OPERATOR, Desk
from tests.backend.fleet.enrolled import as_kiosk, enrolled_kiosks, serial_of

K = "K-1"
PATH = f"{FLEET_PREFIX}/wait?seconds=300"


async def _replaced(sessions: Sessions, serial: str) -> None:
    async with writing(sessions) as session:
        await session.execute(update(Kiosk).where(Kiosk.kiosk_id == K).values(epoch=2))
        await session.execute(update(KioskPulse).where(KioskPulse.kiosk_id == K).values(serials=f"|{serial}|"))
        await session.commit()


async def _urgent(sessions: Sessions, kiosk_id: str = K) -> None:
    async with writing(sessions) as session:
        kiosk = await session.get_one(Kiosk, kiosk_id)
        await service.create(session, OPERATOR, kiosk, CommandKind.SELF_TEST, {}, urgent=True, at=datetime.now(UTC))
        await session.commit()


async def _states(sessions: Sessions) -> list[str]:
    async with sessions() as session:
        return list(await session.scalars(select(Command.state)))


async def _until_waiting(door: WaitDoor, count: int = 1) -> None:
    while len(door._waiting) < count:
        await asyncio.sleep(0.01)


async def test_a_poll_of_the_old_holder_gets_nothing(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    door = desk.app.state.wait_door
    async with as_kiosk(with_doors(desk.app), K) as thief, as_kiosk(with_doors(desk.app), K, "beef") as kiosk:
        poll = asyncio.create_task(thief.get(PATH))
        await _until_waiting(door)
        await _replaced(desk.sessions, "beef")
        await _urgent(desk.sessions)
        await door.round(datetime.now(UTC))
        assert (await poll).json() == {"commands": []}
        assert await _states(desk.sessions) == ["waiting"]
        assert (await thief.get(PATH)).status_code == 403
        assert len((await kiosk.get(PATH)).json()["commands"]) == 1


async def test_nor_if_it_is_replaced_that_very_moment(sessions: Sessions) -> None:
    await enrolled_kiosks(sessions, K)
    await _replaced(sessions, "beef")
    await _urgent(sessions)
    async with writing(sessions) as session:
        assert await take(session, [K], datetime.now(UTC), held={K: serial_of(K)}) == {}
        assert len((await take(session, [K], datetime.now(UTC), held={K: "beef"}))[K]) == 1


async def test_a_slow_reader_holds_up_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "SEND_S", 0.05)
    await enrolled_kiosks(desk.sessions, K, "K-2")
    door = desk.app.state.wait_door
    hung_up = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(_message: Any) -> None:
        await asyncio.Event().wait()  # takes nothing off us

    scope = {"type": "http", "query_string": b"seconds=300", "headers": [], SCOPE_KEY: Peer(K, serial_of(K))}
    slow = asyncio.create_task(door(scope, receive, send))
    async with as_kiosk(with_doors(desk.app), "K-2") as other:
        poll = asyncio.create_task(other.get(PATH))
        await _until_waiting(door, 2)
        for kiosk_id in (K, "K-2"):
            await _urgent(desk.sessions, kiosk_id)
        await asyncio.wait_for(door.round(datetime.now(UTC)), 5)
        assert len((await asyncio.wait_for(poll, 5)).json()["commands"]) == 1
    while door._answering:
        await asyncio.sleep(0.01)
    hung_up.set()
    await slow


async def test_the_end_of_the_server(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K, "K-2")
    door = desk.app.state.wait_door
    async with as_kiosk(with_doors(desk.app), K) as one, as_kiosk(with_doors(desk.app), "K-2") as other:
        poll = asyncio.create_task(one.get(PATH))
        await _until_waiting(door)
        await door.stop()
        assert (await asyncio.wait_for(poll, 5)).json() == {"commands": []}
        late = await other.get(PATH)
        assert (late.status_code, late.json()["code"]) == (503, "busy")
        await _urgent(desk.sessions)
        assert len((await one.get(PATH)).json()["commands"]) == 1  # what is there is still handed out
