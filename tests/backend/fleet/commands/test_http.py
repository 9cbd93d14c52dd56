"""Commands over HTTP: who may give them, the long poll, the answer, the file."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.asgi import with_doors
from backend.contract.fleet_api import FLEET_PREFIX, MAX_FILE
from backend.fleet.commands.artifacts import KEPT, retire
from backend.fleet.commands.models import Artifact, Command
from backend.fleet.models import KioskPulse
from backend.staff.access import STAFF_API
from backend.staff.audit import AuditEntry
from backend.staff.roles import Role
from tests.backend.desk import ADMIN, EVERYBODY, OPERATOR, OTHER_CITY, Desk, staff_with
from tests.backend.fleet.enrolled import as_kiosk, enrolled_kiosks
from tests.backend.fleet.heartbeat.beating import beat

K = "K-1"
COMMANDS = f"{STAFF_API}/kiosks/{K}/commands"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 5000


async def given(desk: Desk, kind: str = "self-test", **more: Any) -> str:
    reply = await desk.post(COMMANDS, OPERATOR, json={"kind": kind} | more)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["command"]["command_id"])


async def test_given_handed_out_answered_and_listed(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    command_id = await given(desk, "restart", arguments={"what": "machine"})
    async with as_kiosk(with_doors(desk.app), K) as kiosk:
        [order] = (await beat(kiosk, 1)).json()["commands"]
        assert (order["command_id"], order["arguments"]) == (command_id, {"what": "machine"})
        path = f"{FLEET_PREFIX}/commands/{command_id}/ack"
        for _ in range(2):
            assert (await kiosk.post(path, json={"state": "refused", "code": "session-open"})).status_code == 204
        reply = await kiosk.post(path, json={"state": "done"})
        assert (reply.status_code, reply.json()["code"]) == (409, "conflict")
        assert (await kiosk.post(path, content=b"{}")).status_code == 400
        assert (await kiosk.post(path, json={"state": "expired"})).status_code == 400
    async with as_kiosk(with_doors(desk.app), K, "dead") as stranger:
        assert (await stranger.post(path, json={"state": "done"})).status_code == 403
    async with as_kiosk(with_doors(desk.app), None) as nobody:
        assert (await nobody.post(path, json={"state": "done"})).status_code == 401
    [listed] = (await desk.get(COMMANDS, OPERATOR)).json()
    assert (listed["state"], listed["code"], listed["created_by"]) == ("refused", "session-open", OPERATOR.staff_id)
    reply = await desk.post(f"{STAFF_API}/commands/{command_id}/cancel", OPERATOR)
    assert reply.status_code == 409


@pytest.mark.parametrize(
    ("staff", "status"),
    [
        (None, 401),
        (EVERYBODY[Role.VIEWER], 403),
        (staff_with(Role.OPERATOR, OTHER_CITY), 404),
        (OPERATOR, 201),
    ],
)
async def test_who_may(desk: Desk, staff: Any, status: int) -> None:
    await enrolled_kiosks(desk.sessions, K)
    assert (await desk.post(COMMANDS, staff, json={"kind": "self-test"})).status_code == status
    batch = {"kind": "self-test", "region_code": "9901" + "0" * 8}
    assert (await desk.post(f"{STAFF_API}/commands", staff, json=batch)).status_code == status
    if status == 404:
        command_id = await given(desk)
        assert (await desk.post(f"{STAFF_API}/commands/{command_id}/cancel", staff)).status_code == 404
        assert (await desk.get(COMMANDS, staff)).status_code == 404


async def test_a_wipe_is_asked_for(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    assert (await desk.post(COMMANDS, OPERATOR, json={"kind": "wipe", "reason": "sold"})).status_code == 403
    assert (await desk.post(COMMANDS, ADMIN, json={"kind": "wipe"})).status_code == 422
    reply = await desk.post(COMMANDS, ADMIN, json={"kind": "wipe", "reason": "sold"})
    assert reply.json()["approval_id"]
    assert (await desk.get(COMMANDS)).json() == []


@pytest.mark.parametrize(
    "new",
    [
        {"kind": "dance"},
        {"kind": "volume", "arguments": {"percent": 200}},
        {"kind": "self-test", "stands_for_s": 1},
        {"kind": "out-of-service", "arguments": {"reason_zh": "\x00"}},
    ],
)
async def test_nonsense(desk: Desk, new: dict[str, Any]) -> None:
    await enrolled_kiosks(desk.sessions, K)
    assert (await desk.post(COMMANDS, OPERATOR, json=new)).status_code == 422


async def test_an_urgent_command_comes_at_once(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K, "K-2")
    door = desk.app.state.wait_door
    whole = with_doors(desk.app)
    async with as_kiosk(whole, K) as kiosk, as_kiosk(whole, "K-2") as other:
        assert (await kiosk.get(f"{FLEET_PREFIX}/wait?seconds=0")).json() == {"commands": []}
        waiting = asyncio.create_task(kiosk.get(f"{FLEET_PREFIX}/wait?seconds=300"))
        alone = asyncio.create_task(other.get(f"{FLEET_PREFIX}/wait?seconds=300"))
        while len(door._waiting) < 2:
            await asyncio.sleep(0.01)
        await given(desk)  # not urgent: rides in the heartbeat
        await door.round(datetime.now(UTC))
        assert not waiting.done()
        command_id = await given(desk, "screenshot", urgent=True)
        await door.round(datetime.now(UTC))
        orders = (await waiting).json()["commands"]
        assert command_id in [order["command_id"] for order in orders]
        door._waiting["K-2"].until = 0.0
        await door.round(datetime.now(UTC))
        assert (await alone).json() == {"commands": []}
        await given(desk, "screenshot", urgent=True)
        assert len((await kiosk.get(f"{FLEET_PREFIX}/wait?seconds=300")).json()["commands"]) == 1  # was there already
        assert (await kiosk.get(f"{FLEET_PREFIX}/wait?seconds=x")).status_code == 400
    async with as_kiosk(whole, K, "dead") as stranger, as_kiosk(whole, None) as nobody:
        assert (await stranger.get(f"{FLEET_PREFIX}/wait")).status_code == 403
        assert (await nobody.get(f"{FLEET_PREFIX}/wait")).status_code == 401
    assert not door._waiting


async def test_the_second_poll_ends_the_first(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    door = desk.app.state.wait_door
    async with as_kiosk(with_doors(desk.app), K) as kiosk:
        first = asyncio.create_task(kiosk.get(f"{FLEET_PREFIX}/wait?seconds=300"))
        while not door._waiting:
            await asyncio.sleep(0.01)
        second = asyncio.create_task(kiosk.get(f"{FLEET_PREFIX}/wait?seconds=300"))
        assert (await first).json() == {"commands": []}
        assert len(door._waiting) == 1
        door._waiting[K].until = 0.0
        await door.round(datetime.now(UTC))
        assert (await second).status_code == 200


async def test_a_file(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K, "K-2")
    command_id = await given(desk, "screenshot")
    path, shown = f"{FLEET_PREFIX}/commands/{command_id}/file", f"{STAFF_API}/commands/{command_id}/file"
    whole = with_doors(desk.app)
    async with as_kiosk(whole, K) as kiosk, as_kiosk(whole, "K-2") as other, as_kiosk(whole, None) as nobody:
        assert (await kiosk.put(path, content=PNG)).status_code == 409  # not handed out yet
        await beat(kiosk, 1)
        assert (await nobody.put(path, content=PNG)).status_code == 401
        assert (await other.put(path, content=PNG)).json()["code"] == "wrong-kiosk"
        assert (await kiosk.put(path, content=b"MZ" + PNG)).status_code == 400  # no picture
        assert (await kiosk.put(path, content=b"\0" * (MAX_FILE + 1))).status_code == 413
        assert (await desk.get(shown, OPERATOR)).status_code == 404
        assert (await kiosk.put(path, content=PNG + b"first")).status_code == 204
        assert (await kiosk.put(path, content=PNG)).status_code == 204  # sent again: replaces
        ack = await kiosk.post(f"{FLEET_PREFIX}/commands/{command_id}/ack", json={"state": "done"})
        assert ack.status_code == 204
        assert (await kiosk.put(path, content=PNG)).status_code == 409
    reply = await desk.get(shown, OPERATOR)
    assert reply.content == PNG
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["content-disposition"].startswith("attachment")
    assert (await desk.get(shown, staff_with(Role.OPERATOR, OTHER_CITY))).status_code == 404
    assert (await desk.get(shown, EVERYBODY[Role.VIEWER])).status_code == 403
    assert (await desk.get(COMMANDS, OPERATOR)).json()[0]["file"] is True
    store = desk.app.state.artifacts
    assert len(list(store.folder.iterdir())) == 1
    async with desk.sessions() as session:
        actions = (await session.scalars(select(AuditEntry.action))).all()
        assert actions.count("command.file.download") == 1
    assert await retire(desk.sessions, store, datetime.now(UTC)) == 0
    assert await retire(desk.sessions, store, datetime.now(UTC) + KEPT + timedelta(hours=2)) == 1
    assert list(store.folder.iterdir()) == []
    async with desk.sessions() as session:
        assert (await session.scalars(select(Artifact))).all() == []


async def test_a_batch_rides_in_the_heartbeats(desk: Desk) -> None:
    kiosks = [f"K-{n}" for n in range(4)]
    await enrolled_kiosks(desk.sessions, *kiosks)
    batch = {"kind": "resync", "region_code": "99" + "0" * 10, "kiosk_ids": kiosks[:3]}
    reply = await desk.post(f"{STAFF_API}/commands", OPERATOR, json=batch)
    assert reply.json()["kiosks"] == 3
    await desk.app.state.jobs.run_once("commands")
    for kiosk_id in kiosks:
        async with as_kiosk(with_doors(desk.app), kiosk_id) as kiosk:
            assert len((await beat(kiosk, 1)).json().get("commands", [])) == (kiosk_id in kiosks[:3])
    async with desk.sessions() as session:
        await session.execute(update(Command).values(expires_at=datetime.now(UTC)))
        await session.commit()
    await desk.app.state.jobs.run_once("commands")
    async with desk.sessions() as session:
        assert set(await session.scalars(select(Command.state))) == {"expired"}
        assert not any(await session.scalars(select(KioskPulse.commands_waiting)))
