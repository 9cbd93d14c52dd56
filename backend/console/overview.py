"""The overview: health at a glance, the map and the tree down to the village."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse

from backend.console.neighbours import open_alerts
from backend.console.pages import page
from backend.deps import DbSession
from backend.fleet import queries
from backend.fleet.health import Health
from backend.fleet.listing import KioskFilter, listing
from backend.fleet.queries import SHOWN, Place
from backend.regions.division import COUNTRY, Level, is_code, level_of, lineage
from backend.reports.history import tally_before
from backend.staff.access import in_region, needs
from backend.staff.roles import Permission, Staff
from backend.staff.words import region_words

router = APIRouter()

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Code = Annotated[str, Query(max_length=12)]


@router.get("/console/", response_class=HTMLResponse, include_in_schema=False)
@router.get("/console", response_class=HTMLResponse, include_in_schema=False)
async def show_overview(request: Request, staff: Viewer, session: DbSession, region: Code = "") -> HTMLResponse:
    """The person's own region, or one of those below it."""
    code = region_or_home(staff, region)
    now = datetime.now(UTC)
    seen = await queries.overview(session, staff, code)
    if not region and code == COUNTRY and len(seen.children) == 1 and not seen.here.total:
        code = seen.children[0].code  # the country is this province: begin there
        seen = await queries.overview(session, staff, code)
    before = await tally_before(session, staff, code, now)
    level = level_of(code)
    kiosks = await listing(session, staff, KioskFilter(region=code), now) if level >= Level.TOWNSHIP else None
    # What lies above is in the breadcrumb already.
    others = sorted({grant.region_code for grant in staff.grants} - {code, *lineage(code)})
    return page(
        request,
        staff,
        "overview/overview.html",
        title=("总览", "Overview"),
        nav="overview",
        seen=seen,
        place=seen.place,
        steps=await queries.breadcrumb(session, staff, code),
        before=before,
        shown=[*SHOWN, Health.PLANNED] if seen.place.tally.of(Health.PLANNED) else list(SHOWN),
        worst=await queries.worst_below(session, seen) if level <= Level.COUNTY else [],
        events=await queries.newest_trouble(session, staff, code, now),
        alerts=await open_alerts(session, staff, code),
        kiosks=kiosks,
        others=others,
        names=await region_words(session, others),
        points=map_points(seen.children),
        now=now,
    )


@router.get("/console/map", include_in_schema=False)
async def show_points(staff: Viewer, session: DbSession, region: Code = "") -> JSONResponse:
    """The map's points anew, for a page that stays open."""
    code = region_or_home(staff, region)
    seen = await queries.overview(session, staff, code)
    return JSONResponse({"points": map_points(seen.children)}, headers={"Cache-Control": "no-store"})


def map_points(children: list[Place]) -> list[dict[str, Any]]:
    """One point a region: where, how many kiosks, and the share of them in trouble."""
    return [
        {
            "code": child.code,
            "zh": child.name_zh,
            "en": child.name_en,
            "at": [child.longitude, child.latitude],
            "kiosks": child.tally.total,
            "enrolled": child.tally.enrolled,
            "bad": child.tally.bad,
            "warning": child.tally.of(Health.WARNING),
        }
        for child in children
        if child.longitude is not None and child.latitude is not None
    ]


def region_or_home(staff: Staff, region: str) -> str:
    """The wanted region, or the person's own. 404 for what is none, or none of theirs."""
    code = queries.shown_region(staff, region)
    if not is_code(code):
        raise HTTPException(404, "no such region")
    in_region(staff, Permission.VIEW, code)
    return code
