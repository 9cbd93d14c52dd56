"""A command for a whole province, and pulses that somebody else holds: heartbeats go on."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from backend.contract.fleet_api import CommandKind
from backend.db.engine import writing
from backend.fleet.commands import service
from backend.fleet.heartbeat import batches as module
from backend.fleet.models import KioskPulse
from tests.backend.desk import ADMIN, Desk
from tests.backend.fleet.enrolled import enrolled_kiosks, pulse_of
from tests.backend.fleet.heartbeat.beating import beat, beating

KIOSKS = [f"K-{number:02}" for number in range(40)]


async def _all_beat(desk: Desk, seq: int, kiosk_ids: Collection[str] = KIOSKS) -> dict[str, httpx.Response]:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(beating(desk, kiosk_id)) for kiosk_id in kiosk_ids]
        replies = await asyncio.gather(*(beat(client, seq) for client in clients))
    return dict(zip(kiosk_ids, replies, strict=True))


def _commands(reply: httpx.Response) -> list[Any]:
    found: list[Any] = reply.json().get("commands", [])
    return found


async def _command_for_all(desk: Desk) -> None:
    async with writing(desk.sessions) as session:
        region = "99" + "0" * 10
        await service.create_for_region(session, ADMIN, region, CommandKind.SELF_TEST, {}, at=datetime.now(UTC))
        await session.commit()
    await desk.app.state.jobs.run_once("commands")


def _counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many kiosks each transaction for commands was for."""
    orders = desk.app.state.heartbeats._orders
    honest, asked = orders.commands, []

    async def counting(held: Mapping[str, str], *, again: bool) -> Any:
        asked.append(len(held))
        return await honest(held, again=again)

    monkeypatch.setattr(orders, "commands", counting)
    return asked


async def test_a_command_for_all_takes_few_transactions(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await enrolled_kiosks(desk.sessions, *KIOSKS)
    await _command_for_all(desk)
    asked = _counted(desk, monkeypatch)
    replies = await _all_beat(desk, 1)
    given = {kiosk_id: _commands(reply)[0]["command_id"] for kiosk_id, reply in replies.items()}
    assert len(set(given.values())) == len(KIOSKS)
    assert all(command.endswith(kiosk_id) for kiosk_id, command in given.items())
    assert sum(asked) == len(KIOSKS)
    assert len(asked) < len(KIOSKS) / 4

    again = await _all_beat(desk, 1)  # the replies were lost
    assert {kiosk_id: _commands(reply)[0]["command_id"] for kiosk_id, reply in again.items()} == given
    assert all(not _commands(reply) for reply in (await _all_beat(desk, 2)).values())


async def test_so_many_at_once_and_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await enrolled_kiosks(desk.sessions, *KIOSKS)
    await _command_for_all(desk)
    monkeypatch.setattr(module, "_ASKED_AT_ONCE", 7)
    monkeypatch.setattr(module, "_ASKING_AT_MOST", 20)
    asked = _counted(desk, monkeypatch)
    waiting = set(KIOSKS)
    for seq in (1, 2):  # whoever was one too many was answered, and hears with the next heartbeat
        replies = await _all_beat(desk, seq, sorted(waiting))
        assert {reply.status_code for reply in replies.values()} == {200}
        waiting -= {kiosk_id for kiosk_id, reply in replies.items() if _commands(reply)}
        assert len(waiting) == (20 if seq == 1 else 0)
    assert max(asked) <= 7


async def test_orders_that_fail_cost_no_heartbeat(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await enrolled_kiosks(desk.sessions, *KIOSKS)
    await _command_for_all(desk)
    orders = desk.app.state.heartbeats._orders

    async def fails(kiosk_ids: Collection[str], *, again: bool) -> Any:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(orders, "commands", fails)
        replies = await _all_beat(desk, 1)
    assert [(reply.status_code, _commands(reply)) for reply in replies.values()] == [(200, [])] * len(KIOSKS)
    assert all(_commands(reply) for reply in (await _all_beat(desk, 2)).values())


async def test_a_held_pulse_waits_and_the_others_do_not(desk: Desk) -> None:
    if desk.sessions.kw["bind"].dialect.name != "postgresql":
        pytest.skip("one writer: nobody holds a row")
    await enrolled_kiosks(desk.sessions, *KIOSKS)
    held, others = KIOSKS[:10], KIOSKS[10:]
    async with writing(desk.sessions) as session:
        await session.scalars(select(KioskPulse.kiosk_id).where(KioskPulse.kiosk_id.in_(held)).with_for_update())
        await session.execute(update(KioskPulse).where(KioskPulse.kiosk_id.in_(held)).values(settings_wanted=3))
        waiting = asyncio.create_task(_all_beat(desk, 1, held))
        replies = await _all_beat(desk, 1, others)
        assert {reply.status_code for reply in replies.values()} == {200}
        assert not waiting.done()
        await session.commit()
    replies = await waiting
    assert [(reply.status_code, reply.json()["settings"]) for reply in replies.values()] == [(200, 3)] * len(held)
    assert [(await pulse_of(desk.sessions, kiosk_id)).seq for kiosk_id in held] == [1] * len(held)


async def test_a_pulse_held_for_too_long_is_sent_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    if desk.sessions.kw["bind"].dialect.name != "postgresql":
        pytest.skip("one writer: nobody holds a row")
    monkeypatch.setattr(module, "_HELD_AT_MOST_S", 0.5)
    await enrolled_kiosks(desk.sessions, *KIOSKS[:2])
    async with writing(desk.sessions) as session:
        await session.scalars(select(KioskPulse.kiosk_id).where(KioskPulse.kiosk_id == "K-00").with_for_update())
        replies = await _all_beat(desk, 1, KIOSKS[:2])
    assert [(reply.status_code, reply.json().get("code")) for reply in replies.values()] == [
        (503, "busy"),
        (200, None),
    ]
    assert int(replies["K-00"].headers["retry-after"]) > 0
