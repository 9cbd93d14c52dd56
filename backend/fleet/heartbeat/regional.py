"""A pace of its own for a region: staff set it, a job writes it to the region's pulses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field
from sqlalchemy import select, update

from backend.db.engine import Sessions, writing
from backend.deps import DbSession
from backend.fleet.heartbeat.models import RegionPace
from backend.fleet.heartbeat.pace import LONGEST_S
from backend.fleet.models import Kiosk, KioskPulse
from backend.regions.division import span_of
from backend.staff import audit
from backend.staff.access import STAFF_API, in_region, needs, within
from backend.staff.roles import Permission, Staff

router = APIRouter(prefix=f"{STAFF_API}/pace", tags=["fleet"])

SHORTEST_S = 10
_Region = Annotated[str, Path(pattern=r"^[0-9]{12}$")]


class PaceOut(BaseModel):
    region_code: str
    interval_s: int


class NewPace(BaseModel):
    interval_s: int = Field(ge=SHORTEST_S, le=LONGEST_S)


@router.get("")
async def listed(staff: Annotated[Staff, needs(Permission.VIEW)], session: DbSession) -> list[PaceOut]:
    """The regions whose kiosks do not come at the fleet's interval."""
    rows = await session.scalars(
        select(RegionPace)
        .where(within(RegionPace.region_code, staff, Permission.VIEW))
        .order_by(RegionPace.region_code)
    )
    return [PaceOut(region_code=row.region_code, interval_s=row.interval_s) for row in rows]


@router.put("/{region_code}")
async def put(
    region_code: _Region, new: NewPace, staff: Annotated[Staff, needs(Permission.CONFIGURE)], session: DbSession
) -> PaceOut:
    """Takes effect with the heartbeats after the next round of the job, within a minute."""
    in_region(staff, Permission.CONFIGURE, region_code)
    await session.merge(RegionPace(region_code=region_code, interval_s=new.interval_s))
    await _record(session, staff, "pace.set", region_code, {"interval_s": new.interval_s})
    await session.commit()
    return PaceOut(region_code=region_code, interval_s=new.interval_s)


@router.delete("/{region_code}", status_code=204)
async def delete(
    region_code: _Region, staff: Annotated[Staff, needs(Permission.CONFIGURE)], session: DbSession
) -> Response:
    """Back to the pace of the region above."""
    in_region(staff, Permission.CONFIGURE, region_code)
    row = await session.get(RegionPace, region_code)
    if row is not None:
        await session.delete(row)
        await _record(session, staff, "pace.clear", region_code, {})
        await session.commit()
    return Response(status_code=204)


async def apply(sessions: Sessions) -> None:
    """The job "pace": every pulse has the interval of the narrowest region that has one."""
    async with sessions() as session:
        paces = (await session.execute(select(RegionPace.region_code, RegionPace.interval_s))).all()
        spans = [(span_of(row.region_code), row.interval_s) for row in paces]
        spans.sort(key=lambda pace: (int(pace[0].high) - int(pace[0].low), pace[0].low))
        kiosks = await session.execute(
            select(Kiosk.kiosk_id, Kiosk.region_code, KioskPulse.interval_s)
            .join(KioskPulse, KioskPulse.kiosk_id == Kiosk.kiosk_id)
            .where(*(() if spans else (KioskPulse.interval_s != 0,)))
        )
        wrong: dict[int, list[str]] = {}
        for kiosk_id, region_code, interval_s in kiosks:
            wanted = next((seconds for span, seconds in spans if region_code in span), 0)
            if wanted != interval_s:
                wrong.setdefault(wanted, []).append(kiosk_id)
    for interval_s, names in wrong.items():
        for start in range(0, len(names), _AT_ONCE):
            async with writing(sessions) as session:
                some = sorted(names[start : start + _AT_ONCE])
                free = (
                    select(KioskPulse.kiosk_id)
                    .where(KioskPulse.kiosk_id.in_(some))
                    .order_by(KioskPulse.kiosk_id)
                    .with_for_update(skip_locked=True)  # the next round has them
                )
                locked = (await session.scalars(free)).all()
                await session.execute(
                    update(KioskPulse).where(KioskPulse.kiosk_id.in_(locked)).values(interval_s=interval_s)
                )
                await session.commit()


_AT_ONCE = 500


async def _record(session: DbSession, staff: Staff, action: str, region_code: str, detail: dict[str, int]) -> None:
    await audit.record(
        session,
        staff.staff_id,
        action,
        f"region:{region_code}",
        datetime.now(UTC),
        region_code=region_code,
        detail=detail,
    )
