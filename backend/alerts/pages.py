"""The console's pages of alerts, and the panel on a kiosk's page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts import say
from backend.alerts.acknowledge import acknowledge, visible_alert
from backend.alerts.groups import visible_group
from backend.alerts.listing import AlertFilter, list_alerts
from backend.alerts.models import Alert, AlertMessage, AlertNote, MessageState
from backend.alerts.queries import counts, open_for_kiosk
from backend.alerts.rules import RULES
from backend.alerts.supplies.models import SupplyTrack
from backend.alerts.work import service as work
from backend.console.pages import fragment, page
from backend.deps import DbSession
from backend.fleet.models import Kiosk, Site
from backend.regions.division import lineage
from backend.regions.models import Region
from backend.staff import audit
from backend.staff.access import needs, visible_kiosk, within
from backend.staff.roles import Permission, Staff

router = APIRouter(prefix="/console", include_in_schema=False, default_response_class=HTMLResponse)

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Alerter = Annotated[Staff, needs(Permission.ALERTS)]
Worker = Annotated[Staff, needs(Permission.WORK)]
MEMBERS_SHOWN = 200


async def _listed(request: Request, session: AsyncSession, staff: Staff, wanted: AlertFilter) -> dict[str, Any]:
    found = await list_alerts(session, staff, wanted)
    return {
        "found": found,
        "wanted": wanted,
        "places": await places(session, found.alerts),
        "checked": set(request.query_params.getlist("alert_id")),
        "say": say,
        "rules": RULES,
        "now": datetime.now(UTC),
    }


@router.get("/alerts")
async def alerts(request: Request, staff: Viewer, session: DbSession) -> HTMLResponse:
    """What is wrong now."""
    context = await _listed(request, session, staff, _from(request))
    given_up = await session.scalar(
        select(func.count())
        .select_from(AlertMessage)
        .join(Alert, Alert.alert_id == AlertMessage.alert_id)
        .where(AlertMessage.state == MessageState.GIVEN_UP.value, within(Alert.region_code, staff, Permission.VIEW))
    )
    return page(
        request,
        staff,
        "alerts/list.html",
        title=("告警", "Alerts"),
        nav="alerts",
        counts=await counts(session, staff),
        given_up=given_up or 0,
        **context,
    )


@router.get("/alerts/rows")
async def rows(request: Request, staff: Viewer, session: DbSession) -> HTMLResponse:
    """The table's rows again; what is ticked comes along and stays ticked."""
    return fragment(request, staff, "alerts/rows.html", **await _listed(request, session, staff, _from(request)))


def _from(request: Request) -> AlertFilter:
    """A filter from the address; nonsense is as if it were not there."""
    given = request.query_params
    number = given.get("page", "1")
    return AlertFilter(
        state=given.get("state", "open")[:20],
        severity=given.get("severity", "")[:10],
        rule=given.get("rule", "")[:40],
        region=given.get("region", "")[:12],
        search=given.get("search", "")[:80],
        page=int(number) if number.isdecimal() and 0 < len(number) < 6 else 1,
    )


@router.post("/alerts/acknowledge")
async def acknowledge_some(
    staff: Alerter,
    session: DbSession,
    alert_id: Annotated[list[str] | None, Form()] = None,
    back: Annotated[str, Form(max_length=400)] = "",
) -> RedirectResponse:
    await acknowledge(session, staff, alert_id or [], datetime.now(UTC))
    await session.commit()
    return RedirectResponse("/console/alerts" + (back if back.startswith(("?", "/")) and "//" not in back else ""), 303)


@router.get("/alerts/{alert_id}")
async def show(request: Request, alert_id: str, staff: Viewer, session: DbSession) -> HTMLResponse:
    """One alert: what, where, who was told, what happened since."""
    alert = await visible_alert(session, staff, Permission.VIEW, alert_id)
    notes = await session.scalars(select(AlertNote).where(AlertNote.alert_id == alert_id).order_by(AlertNote.id))
    messages = await session.scalars(
        select(AlertMessage).where(AlertMessage.alert_id == alert_id).order_by(AlertMessage.number)
    )
    members: list[Alert] = []
    left = 0
    if alert.members:
        query = select(Alert).where(Alert.group_id == alert_id, Alert.live.is_not(None))
        members = list(await session.scalars(query.order_by(Alert.region_code).limit(MEMBERS_SHOWN)))
        counted = select(func.count()).select_from(Alert).where(Alert.group_id == alert_id, Alert.live.is_not(None))
        left = await session.scalar(counted) or 0
    rule = RULES[alert.rule]
    return page(
        request,
        staff,
        "alerts/show.html",
        title=rule.title,
        nav="alerts",
        alert=alert,
        rule=rule,
        notes=list(notes),
        messages=list(messages),
        members=members,
        left=left,
        group=await visible_group(session, staff, alert),
        places=await places(session, [alert, *members]),
        say=say,
        may_alert=staff.may(Permission.ALERTS, alert.region_code),
        may_work=staff.may(Permission.WORK, alert.region_code),
    )


@router.post("/alerts/{alert_id}/work-order")
async def order_work(alert_id: str, staff: Worker, session: DbSession) -> RedirectResponse:
    """A work order from an alert; pressed twice it is the same one."""
    alert = await visible_alert(session, staff, Permission.WORK, alert_id)
    kiosk = await session.get(Kiosk, alert.kiosk_id) if alert.kiosk_id else None
    if kiosk is None:
        raise HTTPException(409, "a work order belongs to a kiosk")
    at = datetime.now(UTC)
    order = await work.create(session, staff.staff_id, kiosk, "", at, alert=alert)
    subject = f"work-order:{order.order_id}"
    await audit.record(session, staff.staff_id, "work.create", subject, at, region_code=order.region_code)
    await session.commit()
    return RedirectResponse(f"/console/work/{order.order_id}", 303)


@router.get("/kiosks/{kiosk_id}/panels/alerts")
async def panel(request: Request, kiosk_id: str, staff: Viewer, session: DbSession) -> HTMLResponse:
    """A kiosk's open alerts, and when its paper and toner will run out."""
    await visible_kiosk(session, staff, Permission.VIEW, kiosk_id)
    tracks = await session.scalars(select(SupplyTrack).where(SupplyTrack.kiosk_id == kiosk_id))
    return fragment(
        request,
        staff,
        "alerts/panel.html",
        alerts=await open_for_kiosk(session, kiosk_id),
        tracks=sorted(tracks, key=lambda track: (track.device, track.supply)),
        say=say,
    )


async def places(session: AsyncSession, alerts: Sequence[Alert]) -> dict[str, say.Where]:
    """Where each alert is, in names: two queries for a whole page."""
    codes = {code for alert in alerts for code in lineage(alert.region_code)[1:]}
    names = {
        region.code: (region.name_zh, region.name_en)
        for region in await session.scalars(select(Region).where(Region.code.in_(codes)))
    }
    kiosks = {alert.kiosk_id for alert in alerts if alert.kiosk_id}
    query = select(Kiosk.kiosk_id, Site).join(Site, Site.site_id == Kiosk.site_id).where(Kiosk.kiosk_id.in_(kiosks))
    sites = {row.kiosk_id: row.Site for row in await session.execute(query)}
    return {alert.alert_id: say.where(alert, names, sites.get(alert.kiosk_id or "")) for alert in alerts}
