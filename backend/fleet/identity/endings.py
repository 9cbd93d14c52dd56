"""The end of an identity: revoked, retired, wiped, or in quarantine. All at once, in the caller's transaction.

The certificate is checked against the database at every request, so nothing has to be distributed: with the commit
the kiosk is out, on connections that are open too.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.fleet_api import IdentityState
from backend.fleet.commands.service import void_epoch
from backend.fleet.events import EventKind, Severity, event
from backend.fleet.health import Health
from backend.fleet.identity.certificates import end_certificates, serials
from backend.fleet.identity.models import EnrolmentCode
from backend.fleet.models import Kiosk, KioskPulse, KioskState
from backend.staff import approvals, audit

REVOKE, RETIRE = "kiosk.revoke", "kiosk.retire"  # approvals' actions
_MAY_BE_WIPED = (IdentityState.ENROLLED.value, IdentityState.QUARANTINED.value)


async def quarantine(
    session: AsyncSession, kiosk_id: str, why: str, at: datetime, *, actor: str = "system", replaced: str = ""
) -> bool:
    """This identity was seen twice: nobody gets in with it until the kiosk is enrolled anew. False if it is no
    longer enrolled anyway. `replaced`: the older serial that was seen, if that is how. The caller commits (a writing
    session)."""
    kiosk = await session.get(Kiosk, kiosk_id, with_for_update=True, populate_existing=True)
    if kiosk is None or kiosk.identity != IdentityState.ENROLLED:
        return False
    # The serials stay, so that both holders are told why they are refused.
    pulse = await _end(session, kiosk, IdentityState.QUARANTINED, Health.QUARANTINED, at, keep_serials=True)
    if replaced:
        in_use = pulse.serials.strip("|").partition("|")[0]
        pulse.serials = serials(in_use, replaced)
    detail = {"why": why, "epoch": kiosk.epoch, "serial": kiosk.certificate_serial}
    session.add(event(kiosk_id, kiosk.region_code, EventKind.QUARANTINED, at, Severity.ERROR, **detail))
    await _audit(session, kiosk, actor, "kiosk.quarantine", at, detail)
    return True


async def revoke(session: AsyncSession, kiosk_id: str, actor: str, reason: str, at: datetime) -> bool:
    """Lost, stolen or taken over. A new code may let it in again. False if it was out already. The caller commits."""
    return await _finish(session, kiosk_id, actor, reason, at, IdentityState.REVOKED)


async def retire(session: AsyncSession, kiosk_id: str, actor: str, reason: str, at: datetime) -> bool:
    """Taken away for good. False if it was already. The caller commits."""
    return await _finish(session, kiosk_id, actor, reason, at, IdentityState.RETIRED)


async def wiped(session: AsyncSession, kiosk_id: str, epoch: int, at: datetime, *, command: str) -> bool:
    """It forgot everything, its key too, as it was told: planned again. False if that identity is over anyway. The
    caller commits (a writing session)."""
    kiosk = await session.get(Kiosk, kiosk_id, with_for_update=True, populate_existing=True)
    if kiosk is None or kiosk.epoch != epoch or kiosk.identity not in _MAY_BE_WIPED:
        return False
    await _end(session, kiosk, IdentityState.PLANNED, Health.PLANNED, at, why="wiped")
    detail: dict[str, object] = {"epoch": epoch, "serial": kiosk.certificate_serial, "command": command}
    session.add(event(kiosk_id, kiosk.region_code, EventKind.WIPED, at, Severity.WARNING, **detail))
    await _audit(session, kiosk, f"kiosk:{kiosk_id}", "kiosk.wiped", at, detail)
    return True


async def _finish(
    session: AsyncSession, kiosk_id: str, actor: str, reason: str, at: datetime, state: IdentityState
) -> bool:
    kiosk = await session.get(Kiosk, kiosk_id, with_for_update=True, populate_existing=True)
    if kiosk is None or kiosk.identity == IdentityState.RETIRED or kiosk.identity == state:
        return False
    retired = state is IdentityState.RETIRED
    await _end(session, kiosk, state, Health.RETIRED if retired else Health.REVOKED, at)
    detail = {"reason": reason[:300], "epoch": kiosk.epoch, "serial": kiosk.certificate_serial}
    kind = EventKind.RETIRED if retired else EventKind.REVOKED
    severity = Severity.INFO if retired else Severity.WARNING
    session.add(event(kiosk_id, kiosk.region_code, kind, at, severity, **detail))
    await _audit(session, kiosk, actor, RETIRE if retired else REVOKE, at, detail)
    return True


async def _end(
    session: AsyncSession,
    kiosk: Kiosk,
    state: IdentityState,
    health: Health,
    at: datetime,
    *,
    keep_serials: bool = False,
    why: str = "",
) -> KioskPulse:
    await session.execute(
        update(EnrolmentCode)
        .where(EnrolmentCode.kiosk_id == kiosk.kiosk_id, EnrolmentCode.voided_at.is_(None))
        .values(voided_at=at)
    )
    await void_epoch(session, kiosk.kiosk_id, kiosk.epoch, at)
    await end_certificates(session, kiosk.kiosk_id, at, why or state.value)
    kiosk.identity = state.value
    pulse = await session.get_one(KioskPulse, kiosk.kiosk_id, with_for_update=True, populate_existing=True)
    pulse.accepts = False
    if not keep_serials:
        pulse.serials = ""
    shown = await session.get_one(KioskState, kiosk.kiosk_id)
    shown.health, shown.changed_at = health.value, at
    if shown.online:
        shown.online, shown.online_changed_at = False, at
    return pulse


async def _audit(
    session: AsyncSession, kiosk: Kiosk, actor: str, action: str, at: datetime, detail: dict[str, object]
) -> None:
    subject = f"kiosk:{kiosk.kiosk_id}"
    await audit.record(session, actor, action, subject, at, region_code=kiosk.region_code, detail=detail)


async def _carry_out(session: AsyncSession, approval: approvals.Approval) -> None:
    assert approval.decided_at is not None  # noqa: S101 - set before it is carried out
    kiosk_id = str(approval.arguments["kiosk_id"])
    kiosk = await session.get(Kiosk, kiosk_id, with_for_update=True, populate_existing=True)
    # Agreed to was the end of one identity. Whoever was enrolled since, in its place, is not meant.
    if kiosk is None or kiosk.epoch != approval.arguments.get("epoch"):
        raise approvals.ApprovalError("gone", "the kiosk was enrolled anew since; ask again if it is still meant")
    end = revoke if approval.action == REVOKE else retire
    if not await end(session, kiosk_id, approval.decided_by or "", approval.reason, approval.decided_at):
        raise approvals.ApprovalError("gone", "its identity is over already")


approvals.register(REVOKE, _carry_out)
approvals.register(RETIRE, _carry_out)
