"""What was meant for one identity never meets the next one; and a kiosk that is never heard is missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from backend.alerts.rules import RULES
from backend.alerts.rules.base import Facts
from backend.contract.fleet_api import CommandKind, IdentityState
from backend.db.engine import writing
from backend.fleet.commands import service
from backend.fleet.commands.models import Command
from backend.fleet.identity.desk import NewKiosk, NotPossible, add_kiosk
from backend.fleet.models import Kiosk
from backend.staff import approvals
from backend.staff.roles import Role
from tests.backend.desk import ADMIN, EVERYBODY, OPERATOR, Desk
from tests.backend.fleet.enrolled import START, VILLAGE, enrolled_kiosks, kiosk_of, pulse_of, state_of
from tests.backend.fleet.heartbeat.beating import beat, beating
from tests.backend.fleet.identity.test_clones import _enrol

K = "K-1"
API = "/api/staff/v1"
SECOND = EVERYBODY[Role.SECURITY_ADMIN]


async def _decide(desk: Desk, approval_id: str, at: datetime | None = None) -> None:
    async with writing(desk.sessions) as session:
        await approvals.decide(session, SECOND, approval_id, True, at or datetime.now(UTC))
        await session.commit()


async def test_offline_until_it_is_heard(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    now = datetime.now(UTC)
    async with beating(desk, K) as client:
        assert (await beat(client, 1)).status_code == 200
    assert (await state_of(desk.sessions, K)).online
    serial = await _enrol(desk, now + timedelta(minutes=1))
    state = await state_of(desk.sessions, K)
    assert (state.online, state.health) == (False, "offline")
    assert state.online_changed_at == now + timedelta(minutes=1)
    look = RULES["offline"].look
    assert look is not None
    kiosk, pulse = await kiosk_of(desk.sessions, K), await pulse_of(desk.sessions, K)
    assert look(Facts(kiosk, state, pulse, now + timedelta(minutes=2)), 0) == ()  # a technician stands before it
    [finding] = look(Facts(kiosk, state, pulse, now + timedelta(minutes=7)), 0)
    assert finding.since == kiosk.enrolled_at
    async with beating(desk, K, serial) as client:
        assert (await beat(client, 1)).status_code == 200
    state = await state_of(desk.sessions, K)
    assert (state.online, state.health) == (True, "ok")


@pytest.mark.parametrize("what", ["wipe", "revoke", "retire"])
async def test_an_approval_is_for_one_identity(desk: Desk, what: str) -> None:
    """The stolen one was to be ended; what replaced it is left alone."""
    await enrolled_kiosks(desk.sessions, K)
    paths = {"wipe": "commands", "revoke": "revocations", "retire": "retire"}
    body = {"reason": "stolen"} | ({"kind": "wipe"} if what == "wipe" else {})
    asked = await desk.post(f"{API}/kiosks/{K}/{paths[what]}", ADMIN, json=body)
    await _enrol(desk, datetime.now(UTC))
    with pytest.raises(approvals.ApprovalError) as refused:
        await _decide(desk, asked.json()["approval_id"])
    assert refused.value.code == "gone"
    assert (await kiosk_of(desk.sessions, K)).identity == IdentityState.ENROLLED
    async with desk.sessions() as session:
        assert (await session.scalars(select(Command))).all() == []


@pytest.mark.parametrize("identity", [IdentityState.ENROLLED, IdentityState.QUARANTINED])
async def test_retiring_needs_four_eyes(desk: Desk, identity: IdentityState) -> None:
    await enrolled_kiosks(desk.sessions, K)
    async with writing(desk.sessions) as session:
        await session.execute(update(Kiosk).values(identity=identity.value))
        await session.commit()
    path = f"{API}/kiosks/{K}/retire"
    assert (await desk.post(path, ADMIN, json={"reason": " "})).status_code == 422
    asked = await desk.post(path, ADMIN, json={"reason": "sold"})
    assert asked.status_code == 202
    assert (await desk.post(path, ADMIN, json={"reason": "sold"})).status_code == 409  # it waits already
    page = await desk.get(f"/console/kiosks/{K}/enrol", headers={"accept-language": "en"})
    assert "Retirement" in page.text
    assert (await kiosk_of(desk.sessions, K)).identity == identity
    await _decide(desk, asked.json()["approval_id"])
    assert (await kiosk_of(desk.sessions, K)).identity == IdentityState.RETIRED
    assert (await pulse_of(desk.sessions, K)).serials == ""


async def test_a_planned_one_may_be_retired_alone(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    async with writing(desk.sessions) as session:
        await session.execute(update(Kiosk).values(identity=IdentityState.PLANNED.value))
        await session.commit()
    assert (await desk.post(f"{API}/kiosks/{K}/retire", ADMIN, json={"reason": "not built"})).status_code == 204


async def test_a_wipe_is_never_one_too_many(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    now = datetime.now(UTC)
    async with writing(desk.sessions) as session:
        kiosk = await session.get_one(Kiosk, K)
        for _ in range(service.MOST_OPEN):
            await service.create(session, OPERATOR, kiosk, CommandKind.SELF_TEST, {}, at=now)
        await session.commit()
    asked = await desk.post(f"{API}/kiosks/{K}/commands", ADMIN, json={"kind": "wipe", "reason": "stolen"})
    await _decide(desk, asked.json()["approval_id"])
    async with desk.sessions() as session:
        assert len((await session.scalars(select(Command).where(Command.kind == "wipe"))).all()) == 1


@pytest.mark.parametrize("name", ["new", "NEW", "bulk"])
async def test_names_of_pages(desk: Desk, name: str) -> None:
    await enrolled_kiosks(desk.sessions, K)
    async with writing(desk.sessions) as session:
        with pytest.raises(NotPossible) as refused:
            await add_kiosk(session, "x", NewKiosk(kiosk_id=name, site_id=f"S-{VILLAGE}"), START)
    assert refused.value.field == "kiosk_id"
