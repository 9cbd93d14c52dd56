"""Renewal overlaps: both certificates work until the kiosk has used the new one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select, update

from backend.contract.fleet_api import FleetProblem, RenewRequest
from backend.db.engine import Sessions, writing
from backend.fleet.identity.certificates import check_peer, renew, serials
from backend.fleet.identity.desk import expiring
from backend.fleet.identity.models import KioskCertificate
from backend.fleet.identity.peer import Peer
from backend.fleet.models import Kiosk, KioskEvent, KioskPulse
from tests.backend.fleet.identity.doors import RENEW, House, Machine, csr_pem


async def _renew(house: House, machine: Machine, csr: str) -> httpx.Response:
    """When it is time."""
    await house.ripen("K-1")
    return await _ask(house, machine, csr)


async def _ask(house: House, machine: Machine, csr: str) -> httpx.Response:
    async with house.client(machine) as client:
        return await client.post(RENEW, json={"csr_pem": csr})


async def test_both_work_until_the_new_one_is_used(house: House, sessions: Sessions) -> None:
    old = await house.enrolled("K-1")
    new = house.machine()
    reply = await _renew(house, old, new.csr())
    assert reply.status_code == 200, reply.text
    again = await _ask(house, old, new.csr())  # the answer was lost
    assert again.json()["certificate_pem"] == reply.json()["certificate_pem"]
    assert (await house.hello(old)).status_code == 200
    assert (await house.hello(old)).status_code == 200
    new.given = reply.json()
    assert (await house.hello(new)).status_code == 200
    refused = await house.hello(old)
    assert (refused.status_code, refused.json()["code"]) == (403, FleetProblem.UNKNOWN_IDENTITY)
    assert (await house.hello(new)).status_code == 200
    async with sessions() as session:
        pulse, kiosk = await session.get_one(KioskPulse, "K-1"), await session.get_one(Kiosk, "K-1")
        assert pulse.serials == serials(kiosk.certificate_serial or "")
        assert kiosk.epoch == 1
        rows = (await session.scalars(select(KioskCertificate).order_by(KioskCertificate.issued_at))).all()
        assert [row.ended_why for row in rows] == ["renewed", ""]
        assert "certificate-renewed" in (await session.scalars(select(KioskEvent.kind))).all()


async def test_renewing_with_the_new_one_ends_the_old_one_too(door: House) -> None:
    old = await door.enrolled("K-1")
    new = door.machine()
    new.given = (await _renew(door, old, new.csr())).json()
    third = door.machine()
    third.given = (await _renew(door, new, third.csr())).json()
    assert (await door.hello(old)).status_code == 403
    assert (await door.hello(third)).status_code == 200


async def test_a_used_code_does_not_bring_a_replaced_certificate_back(door: House) -> None:
    await door.enter("K-1")
    old, new, code = door.machine(), door.machine(), (await door.ticket("K-1")).code
    assert (await door.enrol(old, code)).status_code == 200
    new.given = (await _renew(door, old, new.csr())).json()
    assert (await door.hello(new)).status_code == 200
    assert (await door.enrol(old, code)).status_code == 403


async def test_one_renewal_at_a_time(house: House, sessions: Sessions) -> None:
    """A kiosk that makes a new key at every try must not fill the table; after a while it may."""
    machine = await house.enrolled("K-1")
    lost, hasty, later = house.machine(), house.machine(), house.machine()
    lost.given = (await _renew(house, machine, lost.csr())).json()
    busy = await _ask(house, machine, hasty.csr())
    assert (busy.status_code, busy.json()["code"]) == (503, FleetProblem.BUSY)
    assert 0 < int(busy.headers["retry-after"]) <= 601
    async with writing(sessions) as session:
        past = datetime.now(UTC) - timedelta(minutes=11)
        waiting = (await session.get_one(Kiosk, "K-1")).certificate_serial
        await session.execute(update(KioskCertificate).where(KioskCertificate.serial == waiting).values(issued_at=past))
        await session.commit()
    later.given = (await _ask(house, machine, later.csr())).json()
    assert (await house.hello(lost)).status_code == 403  # never used, and replaced
    assert (await house.hello(machine)).status_code == 200
    assert (await house.hello(later)).status_code == 200


async def test_the_lost_certificate_cannot_renew_after_revocation(door: House) -> None:
    machine = await door.enrolled("K-1")
    pending = door.machine()
    pending.given = (await _renew(door, machine, pending.csr())).json()
    await door.revoke("K-1")
    for each in (machine, pending):
        assert (await _renew(door, each, door.machine().csr())).status_code == 403


async def test_with_whose_certificate_it_is_asked_counts(door: House) -> None:
    """There is no name in the request: a kiosk can only renew itself."""
    one, _ = await door.enrolled("K-1"), await door.enrolled("K-2")
    reply = await _renew(door, one, csr_pem(ec.generate_private_key(ec.SECP256R1()), "K-2"))
    assert reply.json()["kiosk_id"] == "K-1"
    stolen = door.machine()
    assert (await _renew(door, stolen, stolen.csr())).status_code == 401


async def test_two_thirds_of_its_life(door: House) -> None:
    machine = await door.enrolled("K-1")
    now = datetime.now(UTC)
    renew_after = datetime.fromisoformat(machine.given["renew_after"])
    assert abs(renew_after - now - timedelta(days=60)) < timedelta(minutes=5)
    async with writing(door.sessions) as session:
        for days, wanted in ((14, []), (91, ["K-1"])):
            found = await session.scalars(expiring(now, timedelta(days=days)))
            assert [kiosk.kiosk_id for kiosk in found] == wanted
        await session.commit()


async def test_the_certificate_never_outlives_its_authority(door: House) -> None:
    """And the row says what the certificate says."""
    machine = await door.enrolled("K-1")
    kiosk = await _peer(door)
    life = replace_days(door, 800)
    await door.ripen("K-1")
    async with writing(door.sessions) as session:
        made = await renew(
            session, life.authority, life.fleet, kiosk, RenewRequest(csr_pem=door.machine().csr()), datetime.now(UTC)
        )
        await session.commit()
    assert made.not_after <= door.authority.certificate.not_valid_after_utc
    assert machine.given["not_after"] < made.not_after.isoformat()


def replace_days(house: House, days: float) -> House:
    return replace(house, fleet=house.fleet.model_copy(update={"certificate_days": days}))


async def _peer(house: House) -> Peer:
    async with house.sessions() as session:
        kiosk = await session.get_one(Kiosk, "K-1")
        peer = Peer("K-1", kiosk.certificate_serial or "")
        assert (await check_peer(session, peer)).kiosk.kiosk_id == "K-1"
        return peer
