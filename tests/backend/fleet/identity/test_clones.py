"""A copied disk that renews itself does not take the identity over unnoticed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from backend.contract.fleet_api import EnrolRequest, FleetProblem, IdentityState, RenewRequest
from backend.db.engine import writing
from backend.fleet.heartbeat.clones import MESSAGE_LIFE
from backend.fleet.identity import certificates
from backend.fleet.identity import desk as people
from backend.fleet.identity.enrolment import enrol
from backend.fleet.identity.peer import Peer
from backend.fleet.models import KioskEvent
from backend.fleet.wire import FleetRefused
from tests.backend.desk import Desk
from tests.backend.fleet.enrolled import START, enrolled_kiosks, kiosk_of, pulse_of
from tests.backend.fleet.heartbeat.beating import beat, beating
from tests.backend.fleet.identity.doors import csr_pem

K = "K-1"


def _serial(given: Any) -> str:
    return f"{x509.load_pem_x509_certificate(given.certificate_pem.encode()).serial_number:x}"


def _csr() -> str:
    return csr_pem(ec.generate_private_key(ec.SECP256R1()))


async def _enrol(desk: Desk, at: datetime, csr: str | None = None) -> str:
    """The new certificate's serial."""
    state = desk.app.state
    async with writing(desk.sessions) as session:
        ticket = await people.make_code(session, state.authority, state.fleet, "x", K, at, reason="known")
        await session.commit()
    asked = EnrolRequest(code=ticket.code, csr_pem=csr or _csr())
    async with writing(desk.sessions) as session:
        given = await enrol(session, state.authority, state.fleet, asked, None, at)
        await session.commit()
    return _serial(given)


async def _renew(desk: Desk, serial: str, at: datetime, csr: str | None = None) -> str | FleetProblem:
    state = desk.app.state
    asked = RenewRequest(csr_pem=csr or _csr())
    async with writing(desk.sessions) as session:
        try:
            given = await certificates.renew(session, state.authority, state.fleet, Peer(K, serial), asked, at)
        except FleetRefused as refused:
            return refused.problem
        await session.commit()
    return _serial(given)


async def _beat(desk: Desk, serial: str, seq: int, boot: str, at: datetime) -> str:
    desk.app.state.heartbeats.clock = lambda: at
    desk.app.state.heartbeats._orders._clock = lambda: at
    async with beating(desk, K, serial) as client:
        reply = await beat(client, seq, boot)
    return "taken" if reply.status_code == 200 else str(reply.json()["code"])


async def test_not_before_its_time(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    serial = await _enrol(desk, START)
    days = timedelta(days=desk.app.state.fleet.certificate_days)
    assert await _renew(desk, serial, START + timedelta(minutes=1)) == FleetProblem.BUSY
    assert await _renew(desk, serial, START + days * 0.6) == FleetProblem.BUSY
    assert await _beat(desk, serial, 1, "a", START + days * 0.6) == "taken"
    assert (await pulse_of(desk.sessions, K)).serials == f"|{serial}|"
    assert isinstance(await _renew(desk, serial, START + days * 0.65), str)  # its clock may be ahead of ours


async def test_the_copy_renews_first(desk: Desk) -> None:
    """At the right time, behind the kiosk's back. The kiosk's own certificate then bears witness."""
    await enrolled_kiosks(desk.sessions, K)
    old = await _enrol(desk, START)
    due = START + timedelta(days=61)
    assert await _beat(desk, old, 10, "honest", due) == "taken"
    new = await _renew(desk, old, due)
    assert await _beat(desk, new, 11, "copy", due) == "taken"
    soon = due + MESSAGE_LIFE / 2
    assert await _beat(desk, old, 11, "honest", soon) == FleetProblem.UNKNOWN_IDENTITY
    assert (await kiosk_of(desk.sessions, K)).identity == IdentityState.ENROLLED  # a late message would look so too
    later = due + MESSAGE_LIFE + timedelta(seconds=1)
    assert await _beat(desk, old, 12, "honest", later) == FleetProblem.QUARANTINED
    assert (await kiosk_of(desk.sessions, K)).identity == IdentityState.QUARANTINED
    for serial in (old, new):  # both are told why
        assert await _beat(desk, serial, 13, "x", later) == FleetProblem.QUARANTINED
    async with desk.sessions() as session:
        kinds = list(await session.scalars(select(KioskEvent.kind).where(KioskEvent.kind == "quarantined")))
    assert kinds == ["quarantined"]


async def test_the_copy_is_late(desk: Desk) -> None:
    """The kiosk has renewed; whoever still has the older key is the copy."""
    await enrolled_kiosks(desk.sessions, K)
    old = await _enrol(desk, START)
    due = START + timedelta(days=61)
    new = await _renew(desk, old, due)
    assert await _beat(desk, new, 1, "honest", due) == "taken"
    assert await _beat(desk, old, 2, "copy", due + timedelta(days=3)) == FleetProblem.QUARANTINED


async def test_a_power_cut_after_the_renewal_is_honest(desk: Desk) -> None:
    """The new certificate never reached the disk: the old one goes on for as long as that takes."""
    await enrolled_kiosks(desk.sessions, K)
    old = await _enrol(desk, START)
    due = START + timedelta(days=61)
    csr = _csr()
    new = await _renew(desk, old, due, csr)
    for hours in (1, 50):
        assert await _beat(desk, old, hours, f"boot-{hours}", due + timedelta(hours=hours)) == "taken"
    assert await _renew(desk, old, due + timedelta(hours=51), csr) == new
    assert await _beat(desk, new, 60, "boot-60", due + timedelta(hours=51)) == "taken"
    assert (await kiosk_of(desk.sessions, K)).identity == IdentityState.ENROLLED


async def test_an_older_enrolment_is_no_witness(desk: Desk) -> None:
    """Its certificate was replaced by people, not by a holder."""
    await enrolled_kiosks(desk.sessions, K)
    older = await _enrol(desk, START)
    due = START + timedelta(days=61)
    old = await _renew(desk, older, due)
    assert await _beat(desk, str(old), 1, "a", due) == "taken"
    now = due + timedelta(days=1)
    await _enrol(desk, now)
    for serial in (older, str(old)):
        assert await _beat(desk, serial, 2, "b", now + timedelta(hours=1)) == FleetProblem.UNKNOWN_IDENTITY
    assert (await kiosk_of(desk.sessions, K)).identity == IdentityState.ENROLLED


async def test_a_copied_key_is_not_certified_again(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    csr = _csr()
    await _enrol(desk, START, csr)
    with pytest.raises(FleetRefused) as refused:
        await _enrol(desk, START + timedelta(hours=1), csr)
    assert refused.value.problem is FleetProblem.INVALID
    await _enrol(desk, START + timedelta(hours=1))
