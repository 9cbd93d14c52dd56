"""Regions by name, for the fields that take a division code: the browser offers them while somebody types."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import func, or_, select

from backend.console.pages import fragment
from backend.deps import DbSession
from backend.fleet.queries import path_names
from backend.regions.models import Region
from backend.staff.access import needs, within
from backend.staff.roles import Permission, Staff

router = APIRouter()

MOST = 30  # of a list nobody reads more


@router.get("/console/regions/options", response_class=HTMLResponse, include_in_schema=False)
async def options(
    request: Request,
    staff: Annotated[Staff, needs(Permission.VIEW)],
    session: DbSession,
    of: Annotated[str, Query(max_length=40)] = "q",
) -> HTMLResponse:
    """The person's regions whose name holds, or whose code begins with, the text of the field named `of`; the larger
    ones first."""
    typed = request.query_params.get(of, "").strip().replace("\0", "")[:60].lower()
    query = select(Region).where(within(Region.code, staff, Permission.VIEW)).order_by(Region.level, Region.code)
    if typed:
        named = (
            Region.name_zh.contains(typed, autoescape=True),
            func.lower(Region.name_en).contains(typed, autoescape=True),
        )
        query = query.where(or_(*named, Region.code.startswith(typed, autoescape=True)))
    found = list(await session.scalars(query.limit(MOST)))
    paths = await path_names(session, [region.code for region in found])
    return fragment(request, staff, "regions/options.html", regions=found, paths=paths)
