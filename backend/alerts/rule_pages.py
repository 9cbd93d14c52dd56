"""The page of the rules' settings: what is in force in a region, and which region says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError
from sqlalchemy import select

from backend.alerts import say
from backend.alerts.api import RuleSettingIn
from backend.alerts.config import FIELDS, RuleConfig
from backend.alerts.models import AlertRuleSetting
from backend.alerts.rule_settings import set_rule
from backend.alerts.rules import RULES
from backend.console.pages import page
from backend.deps import DbSession
from backend.regions.division import is_code, lineage
from backend.regions.models import Region
from backend.staff.access import in_region, needs
from backend.staff.roles import Permission, Staff

router = APIRouter(prefix="/console", include_in_schema=False, default_response_class=HTMLResponse)

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Alerter = Annotated[Staff, needs(Permission.ALERTS)]


@router.get("/alerts/rules")
async def rules(
    request: Request, staff: Viewer, session: DbSession, region: str = "", problem: str = ""
) -> HTMLResponse:
    place = region if is_code(region) else staff.home
    in_region(staff, Permission.VIEW, place)
    config = await RuleConfig.load(session)
    codes = lineage(place)
    named = {one.code: one for one in await session.scalars(select(Region).where(Region.code.in_(codes)))}
    query = select(Region).where(Region.parent == place, Region.level <= 3).order_by(Region.code).limit(300)
    own = await session.scalars(select(AlertRuleSetting).where(AlertRuleSetting.region_code == place))
    return page(
        request,
        staff,
        "alerts/rules.html",
        title=("告警规则", "Alert rules"),
        nav="alerts",
        place=place,
        path=[named[code] for code in codes if code in named and staff.may(Permission.VIEW, code)],
        below=list(await session.scalars(query)),
        names={code: (one.name_zh, one.name_en) for code, one in named.items()},
        rules=RULES,
        tuned={name: config.of(name, place) for name in RULES},
        own={row.rule: row for row in own},
        fields=FIELDS,
        say=say,
        may_set=staff.may(Permission.ALERTS, place),
        problem=bool(problem),
    )


@router.post("/alerts/rules/{rule}")
async def set_one(rule: str, request: Request, staff: Alerter, session: DbSession) -> RedirectResponse:
    """An empty field: as the region above says."""
    form = await request.form()
    place = str(form.get("region", ""))
    if rule not in RULES or not is_code(place):
        raise HTTPException(404, "no such rule or region")
    in_region(staff, Permission.ALERTS, place)
    given: dict[str, Any] = {field: form.get(field) or None for field in FIELDS}
    try:
        values = RuleSettingIn.model_validate(given)
    except ValidationError:
        return RedirectResponse(f"/console/alerts/rules?region={place}&problem=1#{rule}", 303)
    await set_rule(session, staff, rule, place, values.model_dump(), datetime.now(UTC))
    await session.commit()
    return RedirectResponse(f"/console/alerts/rules?region={place}#{rule}", 303)
