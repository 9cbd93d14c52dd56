"""What people do to sites, kiosks and identities: by the console, the staff API and the command line alike.

Whether the person may, the caller has checked. Each function writes its audit record; the caller commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
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
from backend.staff import audit


class NotPossible(Exception):
    """Refused; the text is for people (English). `field`: which one is at fault, if one is."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


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
        raise NotPossible("there is no such region", "region_code")
    if await session.get(Site, new.site_id) is not None:
        raise NotPossible("this site number is taken", "site_id")
    site = Site(**new.model_dump(), created_at=at)
    session.add(site)
    await session.flush()
    await audit.record(session, by, "site.add", f"site:{site.site_id}", at, region_code=site.region_code)
    return site


async def add_kiosk(session: AsyncSession, by: str, new: NewKiosk, at: datetime) -> Kiosk:
    """Raises NotPossible for an unknown site or a name that is taken."""
    site = await session.get(Site, new.site_id)
    if site is None:
        raise NotPossible("there is no such site", "site_id")
    if await session.get(Kiosk, new.kiosk_id) is not None:
        raise NotPossible("this kiosk's name is taken", "kiosk_id")
    kiosk = await register.add_kiosk(session, new.kiosk_id, site, at, model=new.model)
    kiosk.serial_number = new.serial_number
    detail = {"site": site.site_id}
    subject = f"kiosk:{kiosk.kiosk_id}"
    await audit.record(session, by, "kiosk.add", subject, at, region_code=kiosk.region_code, detail=detail)
    return kiosk


async def make_code(
    session: AsyncSession, authority: Authority, fleet: FleetSettings, by: str, kiosk_id: str, at: datetime
) -> Ticket:
    """A one-time code. Raises NotPossible for an unknown or retired kiosk."""
    kiosk = await session.get(Kiosk, kiosk_id)
    if kiosk is None:
        raise NotPossible("there is no such kiosk")
    try:
        return await new_code(session, authority, fleet, kiosk, by, at)
    except ValueError as error:
        raise NotPossible(str(error)) from None


async def revoke_now(session: AsyncSession, by: str, kiosk_id: str, reason: str, at: datetime) -> bool:
    """Without a second pair of eyes. Raises NotPossible for an unknown kiosk."""
    if await session.get(Kiosk, kiosk_id) is None:
        raise NotPossible("there is no such kiosk")
    return await endings.revoke(session, kiosk_id, by, reason, at)


async def kiosks(session: AsyncSession, region_code: str, identity: str, limit: int) -> Sequence[Kiosk]:
    """In a region, by name. Raises NotPossible for anything but a division code."""
    try:
        span = span_of(region_code)
    except ValueError as error:
        raise NotPossible(str(error)) from None
    query = select(Kiosk).where(Kiosk.region_code.between(span.low, span.high))
    if identity:
        query = query.where(Kiosk.identity == identity)
    return (await session.scalars(query.order_by(Kiosk.region_code, Kiosk.kiosk_id).limit(limit))).all()


def expiring_before(at: datetime, within: timedelta) -> tuple[object, ...]:
    """The WHERE of enrolled kiosks whose certificate ends within `within` and was not renewed: for the alerts."""
    return (Kiosk.identity == IdentityState.ENROLLED.value, Kiosk.certificate_until < at + within)
