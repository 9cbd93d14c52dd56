"""Enrolment: a one-time code and a request of the kiosk's own key become a certificate."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract import enrolment
from backend.contract.fleet_api import Enrolled, EnrolRequest, FleetProblem, IdentityState
from backend.fleet.commands.service import void_epoch
from backend.fleet.events import EventKind, Severity, event
from backend.fleet.health import Health
from backend.fleet.identity.authority import Authority, PublicKey, key_sha256
from backend.fleet.identity.certificates import end_certificates, enrolled, issue, key_of, serials
from backend.fleet.identity.models import EnrolmentCode, KioskCertificate
from backend.fleet.identity.peer import Peer
from backend.fleet.models import Kiosk, KioskPulse, KioskState, Site
from backend.fleet.settings import FleetSettings
from backend.fleet.wire import FleetRefused
from backend.staff import audit


async def make_code(
    session: AsyncSession,
    authority: Authority,
    fleet: FleetSettings,
    kiosk: Kiosk,
    by: str,
    at: datetime,
    *,
    reason: str = "",
) -> enrolment.Ticket:
    """A new code for this kiosk; older ones are void. The caller commits. Raises ValueError for a retired kiosk.

    The ticket is the only place where the code stands in clear.
    """
    await session.refresh(kiosk, with_for_update=True)
    if kiosk.identity == IdentityState.RETIRED:
        raise ValueError("a retired kiosk is not enrolled again; enter it under a new name")
    await void_codes(session, kiosk.kiosk_id, at)
    code = enrolment.new_code()
    digest = enrolment.code_sha256(code)
    expires_at = at + timedelta(minutes=fleet.code_minutes)
    session.add(
        EnrolmentCode(
            code_sha256=digest,
            lookup=enrolment.lookup_of_sha256(digest),
            kiosk_id=kiosk.kiosk_id,
            made_by=by,
            made_at=at,
            expires_at=expires_at,
        )
    )
    await audit.record(
        session,
        by,
        "kiosk.enrolment-code",
        f"kiosk:{kiosk.kiosk_id}",
        at,
        region_code=kiosk.region_code,
        detail={
            "expires_at": expires_at.isoformat(),
            "identity": kiosk.identity,
            "epoch": kiosk.epoch,
            **({"reason": reason[:300]} if reason else {}),
        },
    )
    return enrolment.Ticket(fleet.effective_kiosk_url, kiosk.kiosk_id, code, expires_at, authority.pin)


async def void_codes(session: AsyncSession, kiosk_id: str, at: datetime) -> None:
    """No code made until now enrols this kiosk any more."""
    await session.execute(
        update(EnrolmentCode)
        .where(EnrolmentCode.kiosk_id == kiosk_id, EnrolmentCode.voided_at.is_(None))
        .values(voided_at=at)
    )


async def enrol(
    session: AsyncSession,
    authority: Authority,
    fleet: FleetSettings,
    asked: EnrolRequest,
    peer: Peer | None,
    at: datetime,
) -> Enrolled:
    """Burns the code and gives the kiosk a new identity; the old one and its commands die.

    Asked again with the same key before the code's hour is over, the same certificate: the power may have gone after
    the code was burnt. The caller commits (a writing session). Raises FleetRefused.
    """
    try:
        digest = enrolment.code_sha256(enrolment.parse_code(asked.code))
    except enrolment.CodeError as error:
        raise FleetRefused(FleetProblem.CODE_INVALID, str(error)) from None
    kiosk_id = await session.scalar(select(EnrolmentCode.kiosk_id).where(EnrolmentCode.code_sha256 == digest))
    if kiosk_id is None:
        raise FleetRefused(FleetProblem.CODE_INVALID, "unknown, used or expired")
    # The kiosk first: whoever makes a new code locks in this order too.
    kiosk = await session.get_one(Kiosk, kiosk_id, with_for_update=True, populate_existing=True)
    code = await session.get_one(EnrolmentCode, digest, with_for_update=True, populate_existing=True)
    if code.voided_at is not None or at >= code.expires_at or not hmac.compare_digest(code.code_sha256, digest):
        raise FleetRefused(FleetProblem.CODE_INVALID, "unknown, used or expired")
    if peer is not None and peer.kiosk_id != kiosk_id:
        raise FleetRefused(FleetProblem.WRONG_KIOSK, "the code is another kiosk's")
    key = key_of(asked.csr_pem)
    site = await session.get_one(Site, kiosk.site_id)
    if code.used_at is not None:
        given = await session.get(KioskCertificate, code.serial)
        if given is None or given.ended_at is not None or given.public_key_sha256 != key_sha256(key):
            raise FleetRefused(FleetProblem.CODE_INVALID, "unknown, used or expired")
        return enrolled(authority, fleet, kiosk, site, given)
    certificate = await _new_identity(session, authority, fleet, kiosk, key, asked, at)
    code.used_at, code.serial = at, certificate.serial
    await audit.record(
        session,
        f"kiosk:{kiosk_id}",
        "kiosk.enrol",
        f"kiosk:{kiosk_id}",
        at,
        region_code=kiosk.region_code,
        detail={"epoch": kiosk.epoch, "serial": certificate.serial, "key": kiosk.key_kind, "code_by": code.made_by},
    )
    return enrolled(authority, fleet, kiosk, site, certificate)


async def _new_identity(
    session: AsyncSession,
    authority: Authority,
    fleet: FleetSettings,
    kiosk: Kiosk,
    key: PublicKey,
    asked: EnrolRequest,
    at: datetime,
) -> KioskCertificate:
    before = IdentityState(kiosk.identity)
    await void_epoch(session, kiosk.kiosk_id, kiosk.epoch, at)
    await end_certificates(session, kiosk.kiosk_id, at, "enrolled-anew")
    kiosk.epoch += 1
    certificate = await issue(session, authority, fleet, kiosk, key, at)
    kiosk.identity = IdentityState.ENROLLED.value
    kiosk.enrolled_at = at
    kiosk.key_kind = asked.inventory.key_kind
    kiosk.inventory = msgspec.to_builtins(asked.inventory)
    kiosk.model = asked.inventory.model or kiosk.model
    entered, found = kiosk.serial_number, asked.inventory.serial_number
    kiosk.serial_number = found or entered
    pulse = await session.get_one(KioskPulse, kiosk.kiosk_id, with_for_update=True, populate_existing=True)
    pulse.accepts, pulse.serials = True, serials(certificate.serial)
    pulse.seq, pulse.boot, pulse.previous_boot = 0, "", ""  # whoever is enrolled anew may count from one
    pulse.digest = pulse.previous_digest = ""
    pulse.strikes, pulse.strike, pulse.strike_at = 0, "", None
    state = await session.get_one(KioskState, kiosk.kiosk_id)
    # Until it is heard. What the earlier identity said last is nobody's state now, and without a digest the job
    # "silence" does not look at it.
    state.health, state.changed_at = Health.OFFLINE.value, at
    if state.online or state.online_changed_at is None:
        state.online, state.online_changed_at = False, at
    detail: dict[str, Any] = {"epoch": kiosk.epoch, "serial": certificate.serial, "key": kiosk.key_kind}
    if before is IdentityState.QUARANTINED:
        session.add(event(kiosk.kiosk_id, kiosk.region_code, EventKind.RELEASED, at, **detail))
    if entered and found and entered != found:
        detail |= {"entered": entered, "found": found}
    severity = Severity.WARNING if "found" in detail else Severity.INFO
    session.add(event(kiosk.kiosk_id, kiosk.region_code, EventKind.ENROLLED, at, severity, **detail))
    return certificate
