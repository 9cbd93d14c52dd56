"""Which certificate a kiosk may use: checking, renewal, and the end of the older one.

During a renewal both certificates are in force (`KioskPulse.serials` is "|old|new|") until the kiosk has used the new
one: a power cut between our answer and the kiosk's disk must not shut it out.

A kiosk has the new certificate on its disk before it uses it, and goes back to the older one only if the desk does not
know the new one. So whoever still comes with the older one, later than a message can be under way, is a second holder:
somebody has renewed with a copied disk.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.fleet_api import Enrolled, FleetProblem, IdentityState, RenewRequest
from backend.fleet.events import EventKind, event
from backend.fleet.identity.authority import Authority, CsrError, PublicKey, key_sha256, read_csr, serial_of
from backend.fleet.identity.models import KioskCertificate
from backend.fleet.identity.peer import Peer
from backend.fleet.models import Kiosk, KioskPulse, Site
from backend.fleet.settings import FleetSettings
from backend.fleet.wire import FleetRefused

_RENEWAL_PAUSE = timedelta(minutes=10)  # between two renewals with different keys
_EARLY = 0.05  # of a certificate's life: kiosks' clocks differ from ours
_REPLACED = ("renewed", "never-used")  # `KioskCertificate.ended_why`


class Known(NamedTuple):
    """A kiosk whose certificate is in force."""

    kiosk: Kiosk
    pulse: KioskPulse
    site: Site

    def renewed(self, peer: Peer) -> bool:
        """The newer of two certificates is used: time to call `settle`."""
        return self.pulse.serials != serials(peer.serial) and self.kiosk.certificate_serial == peer.serial


def serials(*values: str) -> str:
    """As in `KioskPulse.serials`."""
    return f"|{'|'.join(values)}|" if values else ""


async def check_peer(session: AsyncSession, peer: Peer | None, *, lock: bool = False) -> Known:
    """Who this is, if the certificate is in force now. `lock`: for changing the kiosk. Raises FleetRefused."""
    if peer is None:
        raise FleetRefused(FleetProblem.NO_CERTIFICATE, "a client certificate of this desk is needed")
    if lock:
        await session.get(Kiosk, peer.kiosk_id, with_for_update=True)
    row = (
        await session.execute(
            select(Kiosk, KioskPulse, Site)
            .join(KioskPulse, KioskPulse.kiosk_id == Kiosk.kiosk_id)
            .join(Site, Site.site_id == Kiosk.site_id)
            .where(Kiosk.kiosk_id == peer.kiosk_id)
        )
    ).first()
    if row is None or serials(peer.serial) not in row.KioskPulse.serials:
        raise FleetRefused(FleetProblem.UNKNOWN_IDENTITY, "this certificate is not in force")
    if row.Kiosk.identity == IdentityState.QUARANTINED:
        raise FleetRefused(FleetProblem.QUARANTINED, "this identity was seen twice; the kiosk must be enrolled anew")
    if not row.KioskPulse.accepts:
        raise FleetRefused(FleetProblem.UNKNOWN_IDENTITY, "this identity is not in force")
    return Known(row.Kiosk, row.KioskPulse, row.Site)


async def settle(session: AsyncSession, kiosk_id: str, serial: str, at: datetime) -> bool:
    """The kiosk has used `serial`: if that is the newer of two, the older is dead from now on. The caller commits
    (a writing session). Whoever sees a peer with `KioskPulse.serials != serials(peer.serial)` calls this."""
    kiosk = await session.get(Kiosk, kiosk_id, with_for_update=True, populate_existing=True)
    pulse = await session.get(KioskPulse, kiosk_id, populate_existing=True)
    if kiosk is None or pulse is None or kiosk.certificate_serial != serial:
        return False
    if serials(serial) not in pulse.serials or pulse.serials == serials(serial):
        return False
    pulse.serials = serials(serial)
    await end_certificates(session, kiosk_id, at, "renewed", keep=(serial,))
    session.add(event(kiosk_id, kiosk.region_code, EventKind.RENEWED, at, serial=serial))
    return True


async def replaced_before(session: AsyncSession, peer: Peer, before: datetime) -> bool:
    """Is this a certificate of the kiosk's present enrolment that a newer one had replaced by then?"""
    found = (
        select(KioskCertificate.serial)
        .join(Kiosk, (Kiosk.kiosk_id == KioskCertificate.kiosk_id) & (Kiosk.epoch == KioskCertificate.epoch))
        .where(
            KioskCertificate.serial == peer.serial,
            KioskCertificate.kiosk_id == peer.kiosk_id,
            KioskCertificate.ended_why.in_(_REPLACED),
            KioskCertificate.ended_at <= before,
        )
    )
    return await session.scalar(found) is not None


async def renew(
    session: AsyncSession,
    authority: Authority,
    fleet: FleetSettings,
    peer: Peer | None,
    asked: RenewRequest,
    at: datetime,
) -> Enrolled:
    """The next certificate. Asked again with the same key, the same one. The caller commits. Raises FleetRefused.

    Not before its time: whoever has copied a disk could otherwise renew at any moment and be the one who counts.
    """
    kiosk, pulse, site = await check_peer(session, peer, lock=True)
    assert peer is not None  # noqa: S101 - check_peer has refused
    _check_due(await session.get(KioskCertificate, peer.serial), at)
    key = key_of(asked.csr_pem)
    if await settle(session, kiosk.kiosk_id, peer.serial, at):
        await session.refresh(pulse)
    if kiosk.certificate_serial and kiosk.certificate_serial != peer.serial:
        waiting = await session.get(KioskCertificate, kiosk.certificate_serial)
        if waiting is not None and waiting.ended_at is None:
            if waiting.public_key_sha256 == key_sha256(key):
                return enrolled(authority, fleet, kiosk, site, waiting)
            if at - waiting.issued_at < _RENEWAL_PAUSE:
                pause = waiting.issued_at + _RENEWAL_PAUSE - at
                raise FleetRefused(
                    FleetProblem.BUSY, "renewed a moment ago", retry_after_s=int(pause.total_seconds()) + 1
                )
            await end_certificates(session, kiosk.kiosk_id, at, "never-used", keep=(peer.serial,))
    certificate = await issue(session, authority, fleet, kiosk, key, at)
    pulse.serials = serials(peer.serial, certificate.serial)
    return enrolled(authority, fleet, kiosk, site, certificate)


async def issue(
    session: AsyncSession, authority: Authority, fleet: FleetSettings, kiosk: Kiosk, key: PublicKey, at: datetime
) -> KioskCertificate:
    """A certificate for the kiosk's present epoch; it is not in force before `KioskPulse.serials` says so.

    Raises FleetRefused for another kiosk's key (two kiosks made from one disk image) and for one of this kiosk's
    earlier enrolments: it may have been copied, which may be why the kiosk is enrolled anew.
    """
    digest = key_sha256(key)
    known = select(KioskCertificate.serial).where(
        KioskCertificate.public_key_sha256 == digest,
        or_(KioskCertificate.kiosk_id != kiosk.kiosk_id, KioskCertificate.epoch < kiosk.epoch),
    )
    if await session.scalar(known.limit(1)) is not None:
        raise FleetRefused(FleetProblem.INVALID, "this key was used before; make a new one")
    made = authority.issue(kiosk.kiosk_id, key, at, timedelta(days=fleet.certificate_days))
    row = KioskCertificate(
        serial=serial_of(made),
        kiosk_id=kiosk.kiosk_id,
        epoch=kiosk.epoch,
        public_key_sha256=digest,
        not_before=made.not_valid_before_utc,
        not_after=made.not_valid_after_utc,
        issued_at=at,
        pem=made.public_bytes(Encoding.PEM).decode(),
    )
    session.add(row)
    kiosk.certificate_serial, kiosk.certificate_until = row.serial, row.not_after
    await session.flush()
    return row


async def end_certificates(
    session: AsyncSession, kiosk_id: str, at: datetime, why: str, *, keep: tuple[str, ...] = ()
) -> None:
    """Write into the history that all others ended."""
    await session.execute(
        update(KioskCertificate)
        .where(
            KioskCertificate.kiosk_id == kiosk_id,
            KioskCertificate.ended_at.is_(None),
            KioskCertificate.serial.not_in(keep),
        )
        .values(ended_at=at, ended_why=why)
    )


def enrolled(
    authority: Authority, fleet: FleetSettings, kiosk: Kiosk, site: Site, certificate: KioskCertificate
) -> Enrolled:
    """The answer that brings a certificate. It is renewed when two thirds of its life are over."""
    above = "".join(authority.chain_pem.partition("-----END CERTIFICATE-----\n")[:2])
    return Enrolled(
        kiosk_id=kiosk.kiosk_id,
        site_id=site.site_id,
        site_zh=site.name_zh,
        site_en=site.name_en,
        region_code=kiosk.region_code,
        certificate_pem=certificate.pem + above,
        ca_pem=authority.desk_ca_pem,
        not_after=certificate.not_after,
        renew_after=_renew_after(certificate),
        heartbeat_s=fleet.heartbeat_s,
        epoch=certificate.epoch,
    )


def _renew_after(certificate: KioskCertificate) -> datetime:
    return certificate.issued_at + (certificate.not_after - certificate.issued_at) * 2 / 3


def _check_due(certificate: KioskCertificate | None, at: datetime) -> None:
    """Raises FleetRefused. One we have no record of is never due."""
    if certificate is None:
        raise FleetRefused(FleetProblem.UNKNOWN_IDENTITY, "this certificate is not in force")
    early = (certificate.not_after - certificate.issued_at) * _EARLY
    if (left := _renew_after(certificate) - early - at) > timedelta():
        wait_s = min(int(left.total_seconds()) + 1, 24 * 3600)
        raise FleetRefused(FleetProblem.BUSY, "not to be renewed yet", retry_after_s=wait_s)


def key_of(csr_pem: str) -> PublicKey:
    """The key of a request. Raises FleetRefused."""
    try:
        return read_csr(csr_pem)
    except CsrError as error:
        raise FleetRefused(FleetProblem.INVALID, str(error)) from None
