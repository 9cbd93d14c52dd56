"""JSON for staff: kiosks, sites, regions, events, reports. The same rows and rules as the console's pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request

from backend.deps import DbSession
from backend.fleet import one_kiosk, queries
from backend.fleet.listing import PAGE, KioskFilter, Row, listing
from backend.fleet.models import KioskEvent, Site
from backend.regions.division import is_code
from backend.reports.days import day_of, is_month
from backend.reports.queries import SECONDS, USED, Sums, month_report
from backend.staff.access import STAFF_API, in_region, needs, visible_kiosk, visible_site
from backend.staff.roles import Permission, Staff

router = APIRouter(prefix=STAFF_API, tags=["staff: fleet"])

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Text = Annotated[str, Query(max_length=100)]
Json = dict[str, Any]


@router.get("/kiosks")
async def list_kiosks(
    request: Request,
    staff: Viewer,
    session: DbSession,
    q: Text = "",
    region: Text = "",
    health: Text = "",
    trouble: Text = "",
    model: Text = "",
    software: Text = "",
    content: Text = "",
    online: Annotated[str, Query(pattern="^(yes|no|)$")] = "",
    expiring: Annotated[str, Query(pattern="^[0-9]{0,4}$")] = "",
    site: Text = "",
    sort: Text = "worst",
    order: Annotated[str, Query(pattern="^(desc|)$")] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Json:
    """A page of kiosks, 50 at a time; the filters of the console's list."""
    if region:
        _region(staff, region)
    found = await listing(session, staff, KioskFilter.of(request.query_params), datetime.now(UTC))
    return {
        "kiosks": [_row(row) for row in found.rows],
        "total": found.total,
        "page": found.page,
        "pages": found.pages,
        "page_size": PAGE,
    }


@router.get("/kiosks/{kiosk_id}")
async def show_kiosk(kiosk_id: str, staff: Viewer, session: DbSession) -> Json:
    """One kiosk with its devices, troubles and versions."""
    kiosk = await visible_kiosk(session, staff, Permission.VIEW, kiosk_id)
    whole = await one_kiosk.whole(session, kiosk)
    state, pulse = whole.state, whole.pulse
    return {
        "kiosk_id": kiosk_id,
        "site_id": kiosk.site_id,
        "region_code": kiosk.region_code,
        "model": kiosk.model,
        "serial_number": kiosk.serial_number,
        "identity": kiosk.identity,
        "certificate_until": kiosk.certificate_until,
        "health": state.health,
        "health_since": state.changed_at,
        "online": state.online,
        "in_service": state.in_service,
        "troubles": state.troubles,
        "report": state.report,
        "software": {"running": state.software, "wanted": pulse.software_wanted},
        "content": {"running": state.content, "wanted": pulse.content_wanted},
        "settings": {"running": state.settings, "wanted": pulse.settings_wanted},
        "seen_at": pulse.seen_at,
        "uptime_s": pulse.uptime_s,
        "clock_ahead_s": whole.clock_ahead_s,
        "temperature_c": whole.temperature_c,
        "disk_free_mb": pulse.disk_free_mb,
        "disk_wear_pct": pulse.disk_wear_pct,
        "counters": whole.counters,
    }


@router.get("/kiosks/{kiosk_id}/events")
async def list_kiosk_events(
    kiosk_id: str,
    staff: Viewer,
    session: DbSession,
    kind: Text = "",
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Json:
    """The kiosk's history, newest first; `before`: the id to go on from."""
    await visible_kiosk(session, staff, Permission.VIEW, kiosk_id)
    query = queries.events_query(staff, kiosk_id=kiosk_id, kinds=[kind] if kind else (), before=before)
    return _events(list(await session.scalars(query.limit(PAGE))))


@router.get("/sites/{site_id}")
async def show_site(site_id: str, staff: Viewer, session: DbSession) -> Json:
    """A site and its kiosks."""
    site = await visible_site(session, staff, Permission.VIEW, site_id)
    found = await listing(session, staff, KioskFilter(site=site_id, sort="kiosk"), datetime.now(UTC))
    return {**_site(site), "kiosks": [_row(row) for row in found.rows]}


@router.get("/regions/{code}")
async def show_region(code: str, staff: Viewer, session: DbSession) -> Json:
    """A region's counts by health, and those of the regions below it."""
    _region(staff, code)
    seen = await queries.overview(session, staff, code)
    return {**_place(seen.place), "below": [_place(child) for child in seen.children]}


@router.get("/regions/{code}/sites")
async def list_sites(code: str, staff: Viewer, session: DbSession) -> Json:
    """The first 400 sites in a region."""
    _region(staff, code)
    return {"sites": [_site(site) for site in await queries.sites_in(session, staff, code)]}


@router.get("/events")
async def list_events(
    staff: Viewer,
    session: DbSession,
    region: Text = "",
    severity: Annotated[str, Query(pattern="^(info|warning|error|)$")] = "",
    kind: Text = "",
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Json:
    """What happened anywhere, newest first."""
    if region:
        _region(staff, region)
    query = queries.events_query(
        staff, region, kinds=[kind] if kind else (), severities=[severity] if severity else (), before=before
    )
    return _events(list(await session.scalars(query.limit(PAGE))))


@router.get("/reports/month")
async def show_month(
    staff: Viewer,
    session: DbSession,
    region: Text = "",
    month: Annotated[str, Query(max_length=7)] = "",
) -> Json:
    """Availability, use and satisfaction of a region in a month ("2026-01"; Asia/Shanghai), and of those below it."""
    code = queries.shown_region(staff, region)
    _region(staff, code)
    chosen = month or day_of(datetime.now(UTC))[:7]
    if not is_month(chosen):
        raise HTTPException(422, "month: YYYY-MM")
    report = await month_report(session, staff, code, chosen)
    return {
        "region": code,
        "month": chosen,
        "total": _sums(report.total),
        "days": {day: _sums(sums) for day, sums in report.by_day.items() if sums.values},
        "below": [
            {"code": line.code, "name_zh": line.name_zh, "name_en": line.name_en, **_sums(line.sums)}
            for line in report.lines
        ],
    }


def _region(staff: Staff, code: str) -> None:
    if not is_code(code):
        raise HTTPException(404, "no such region")
    in_region(staff, Permission.VIEW, code)


def _row(row: Row) -> Json:
    return {
        "kiosk_id": row.kiosk.kiosk_id,
        "site_id": row.kiosk.site_id,
        "site_zh": row.site_zh,
        "site_en": row.site_en,
        "region_code": row.kiosk.region_code,
        "region_zh": row.path[0],
        "region_en": row.path[1],
        "model": row.kiosk.model,
        "serial_number": row.kiosk.serial_number,
        "health": row.state.health,
        "trouble": row.state.trouble,
        "online": row.state.online,
        "seen_at": row.seen_at,
        "changed_at": row.state.changed_at,
        "software": row.state.software,
        "content": row.state.content,
        "certificate_until": row.kiosk.certificate_until,
    }


def _site(site: Site) -> Json:
    return {
        "site_id": site.site_id,
        "region_code": site.region_code,
        "name_zh": site.name_zh,
        "name_en": site.name_en,
        "address_zh": site.address_zh,
        "longitude": site.longitude,
        "latitude": site.latitude,
        "promise_hours": site.promise_hours,
    }


def _place(place: queries.Place) -> Json:
    return {
        "code": place.code,
        "level": place.level,
        "name_zh": place.name_zh,
        "name_en": place.name_en,
        "longitude": place.longitude,
        "latitude": place.latitude,
        "kiosks": place.tally.total,
        "bad": place.tally.bad,
        "by_health": place.tally.by_health,
    }


def _events(events: list[KioskEvent]) -> Json:
    return {
        "events": [
            {
                "id": event.id,
                "kiosk_id": event.kiosk_id,
                "region_code": event.region_code,
                "at": event.at,
                "kind": event.kind,
                "severity": event.severity,
                "detail": event.detail,
            }
            for event in events
        ],
        "before": events[-1].id if len(events) == PAGE else None,
    }


def _sums(sums: Sums) -> Json:
    return {
        "open_share": sums.open_share,
        **{name: sums.of(name) for name in (*SECONDS, *USED)},
        "rated": sums.rated,
        "content_share": sums.content_share,
    }
