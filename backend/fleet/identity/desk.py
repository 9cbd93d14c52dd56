"""What people do to sites, kiosks and identities: by the console, the staff API and the command line alike.

Whether the person may, the caller has checked. Each function writes its audit record; the caller commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.enrolment import Ticket
from backend.contract.fleet_api import IdentityState
from backend.fleet import register
from backend.fleet.identity import endings
from backend.fleet.identity.authority import Authority
from backend.fleet.identity.enrolment import make_code as new_code
from backend.fleet.models import Kiosk, Site
from backend.fleet.settings import FleetSettings
from backend.regions.division import is_code, span_of
from backend.regions.models import Region
from backend.staff import approvals, audit
from backend.staff.roles import Staff

SHUT_OUT = (IdentityState.QUARANTINED.value, IdentityState.REVOKED.value)
IN_FORCE = (IdentityState.ENROLLED.value, IdentityState.QUARANTINED.value)


WORDS = {
    "region-unknown": ("没有这个行政区划。", "There is no such region."),
    "region-code": ("区划代码是十二位数字。", "A division code has twelve digits."),
    "site-taken": ("这个站点编号已被使用。", "This site number is taken."),
    "site-unknown": ("没有这个站点。", "There is no such site."),
    "kiosk-taken": ("这个终端编号已被使用。", "This kiosk's name is taken."),
    "kiosk-name": ("这个编号不能使用。", "This name cannot be used."),
    "kiosk-unknown": ("没有这台终端。", "There is no such kiosk."),
    "retired": ("终端已报废，不能再注册；请用新编号录入。", "A retired kiosk is not enrolled again; use a new name."),
    "reason": ("请写明原因。", "Say why."),
    "not-in-force": ("它的身份本来就无效。", "Its identity is not in force anyway."),
    "asked-already": ("已有人申请，正等待批准。", "Somebody has asked for it already; it waits for approval."),
}


class NotPossible(Exception):
    """Refused. `code` is one of WORDS, the text English. `field`: which one is at fault, if one is."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(WORDS[code][1])
        self.code = code
        self.field = field

    @property
    def words(self) -> tuple[str, str]:
        return WORDS[self.code]


def _line(most: int, least: int = 0) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=most, pattern=r"^[^\x00-\x1f\x7f]*$")


class NewSite(BaseModel):
    model_config = ConfigDict(extra="forbid")

    site_id: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
    region_code: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{12}$")]
    name_zh: Annotated[str, _line(120, 1)]
    name_en: Annotated[str, _line(200, 1)]
    address_zh: Annotated[str, _line(200)] = ""
    longitude: Annotated[float | None, Field(ge=-180, le=180)] = None  # degrees, CGCS2000
    latitude: Annotated[float | None, Field(ge=-90, le=90)] = None
    promise_hours: Annotated[int, Field(ge=1, le=24)] = 24


class NewKiosk(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kiosk_id: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
    site_id: Annotated[str, _line(40, 1)]
    model: Annotated[str, _line(80)] = ""
    serial_number: Annotated[str, _line(80)] = ""


async def add_site(session: AsyncSession, by: str, new: NewSite, at: datetime) -> Site:
    """Raises NotPossible for an unknown region or a number that is taken."""
    if not is_code(new.region_code) or await session.get(Region, new.region_code) is None:
        raise NotPossible("region-unknown", "region_code")
    if await session.get(Site, new.site_id) is not None:
        raise NotPossible("site-taken", "site_id")
    site = Site(**new.model_dump(), created_at=at)
    session.add(site)
    await session.flush()
    await audit.record(session, by, "site.add", f"site:{site.site_id}", at, region_code=site.region_code)
    return site


async def add_kiosk(session: AsyncSession, by: str, new: NewKiosk, at: datetime) -> Kiosk:
    """Raises NotPossible for an unknown site or a name that is taken, by another kiosk or by a page."""
    if not register.is_kiosk_id(new.kiosk_id):
        raise NotPossible("kiosk-name", "kiosk_id")
    site = await session.get(Site, new.site_id)
    if site is None:
        raise NotPossible("site-unknown", "site_id")
    if await session.get(Kiosk, new.kiosk_id) is not None:
        raise NotPossible("kiosk-taken", "kiosk_id")
    kiosk = await register.add_kiosk(session, new.kiosk_id, site, at, model=new.model)
    kiosk.serial_number = new.serial_number
    detail = {"site": site.site_id}
    subject = f"kiosk:{kiosk.kiosk_id}"
    await audit.record(session, by, "kiosk.add", subject, at, region_code=kiosk.region_code, detail=detail)
    return kiosk


async def make_code(
    session: AsyncSession,
    authority: Authority,
    fleet: FleetSettings,
    by: str,
    kiosk_id: str,
    at: datetime,
    *,
    reason: str = "",
) -> Ticket:
    """A one-time code. Letting a kiosk out of quarantine, or back after a revocation, needs a reason.

    Raises NotPossible, for an unknown or retired kiosk too.
    """
    kiosk = await session.get(Kiosk, kiosk_id)
    if kiosk is None:
        raise NotPossible("kiosk-unknown")
    if kiosk.identity == IdentityState.RETIRED:
        raise NotPossible("retired")
    if kiosk.identity in SHUT_OUT and not reason.strip():
        raise NotPossible("reason", "reason")
    return await new_code(session, authority, fleet, kiosk, by, at, reason=reason.strip())


async def retire(
    session: AsyncSession, staff: Staff, kiosk: Kiosk, reason: str, at: datetime
) -> approvals.Approval | None:
    """For good. A kiosk that serves, or may again, ends when another person agrees: the approval. One that nobody
    relies on ends at once: None. Raises NotPossible."""
    if not reason.strip():
        raise NotPossible("reason", "reason")
    await session.refresh(kiosk, with_for_update=True)
    if kiosk.identity in IN_FORCE:
        return await _ask(session, staff, endings.RETIRE, kiosk, reason, at)
    if not await endings.retire(session, kiosk.kiosk_id, staff.staff_id, reason.strip(), at):
        raise NotPossible("not-in-force")
    return None


async def ask_to_revoke(
    session: AsyncSession, staff: Staff, kiosk: Kiosk, reason: str, at: datetime
) -> approvals.Approval:
    """It is carried out when another person agrees. Raises NotPossible."""
    if not reason.strip():
        raise NotPossible("reason", "reason")
    if kiosk.identity not in IN_FORCE:
        raise NotPossible("not-in-force")
    return await _ask(session, staff, endings.REVOKE, kiosk, reason, at)


async def _ask(
    session: AsyncSession, staff: Staff, action: str, kiosk: Kiosk, reason: str, at: datetime
) -> approvals.Approval:
    if await open_request(session, action, kiosk.kiosk_id, at) is not None:
        raise NotPossible("asked-already")
    arguments = {"kiosk_id": kiosk.kiosk_id, "epoch": kiosk.epoch}  # this identity, and none that comes after it
    subject = f"kiosk:{kiosk.kiosk_id}"
    return await approvals.request(session, staff, action, subject, kiosk.region_code, arguments, reason.strip(), at)


async def open_request(session: AsyncSession, action: str, kiosk_id: str, at: datetime) -> approvals.Approval | None:
    """The one that waits for its second pair of eyes. `action`: `endings.REVOKE` or `RETIRE`."""
    wanted = select(approvals.Approval).where(
        approvals.Approval.action == action,
        approvals.Approval.subject == f"kiosk:{kiosk_id}",
        approvals.Approval.state == approvals.ApprovalState.OPEN.value,
        approvals.Approval.expires_at > at,
    )
    return await session.scalar(wanted.limit(1))


async def revoke_now(session: AsyncSession, by: str, kiosk_id: str, reason: str, at: datetime) -> bool:
    """Without a second pair of eyes: on the desk's own machine. Raises NotPossible."""
    if not reason.strip():
        raise NotPossible("reason", "reason")
    if await session.get(Kiosk, kiosk_id) is None:
        raise NotPossible("kiosk-unknown")
    return await endings.revoke(session, kiosk_id, by, reason.strip(), at)


async def kiosks(session: AsyncSession, region_code: str, identity: str, limit: int) -> tuple[Sequence[Kiosk], int]:
    """In a region, by name, and how many there are without the limit. Raises NotPossible for no division code."""
    try:
        span = span_of(region_code)
    except ValueError:
        raise NotPossible("region-code") from None
    query = select(Kiosk).where(Kiosk.region_code.between(span.low, span.high))
    if identity:
        query = query.where(Kiosk.identity == identity)
    total = await session.scalar(select(func.count()).select_from(query.subquery()))
    return (await session.scalars(query.order_by(Kiosk.region_code, Kiosk.kiosk_id).limit(limit))).all(), total or 0


def expiring(at: datetime, within: timedelta) -> Select[Kiosk]:
    """Enrolled kiosks whose certificate ends within `within`, or has ended; the nearest end first. For alerts too."""
    return (
        select(Kiosk)
        .where(Kiosk.identity == IdentityState.ENROLLED.value, Kiosk.certificate_until < at + within)
        .order_by(Kiosk.certificate_until, Kiosk.kiosk_id)
    )
