"""Alerts and their rules as JSON."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from backend.alerts.acknowledge import acknowledge, visible_alert
from backend.alerts.config import FIELDS, RuleConfig
from backend.alerts.groups import visible_groups
from backend.alerts.listing import AlertFilter, list_alerts
from backend.alerts.models import Alert, AlertMessage, AlertNote
from backend.alerts.queries import counts
from backend.alerts.rule_settings import set_rule
from backend.alerts.rules import RULES
from backend.deps import DbSession
from backend.regions.division import is_code
from backend.staff.access import STAFF_API, in_region, needs
from backend.staff.roles import Permission, Staff

router = APIRouter(prefix=STAFF_API, tags=["staff: alerts"])

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Alerter = Annotated[Staff, needs(Permission.ALERTS)]


class Acknowledge(BaseModel):
    model_config = ConfigDict(extra="forbid")

    alert_ids: list[Annotated[str, Field(max_length=32)]] = Field(max_length=500)


class RuleSettingIn(BaseModel):
    """null: what the region above says."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool | None = None
    severity: Literal["warning", "error"] | None = None
    threshold: float | None = Field(None, ge=0, le=1_000_000)
    hold_s: int | None = Field(None, ge=0, le=86_400)
    quiet_s: int | None = Field(None, ge=0, le=86_400)
    again_h: float | None = Field(None, ge=0, le=24 * 31)
    escalate_min: float | None = Field(None, ge=0, le=60 * 24 * 7)


def alert_out(alert: Alert, groups: Collection[str] = ()) -> dict[str, Any]:
    """`groups`: those the person can see."""
    names = ("alert_id", "rule", "subject", "kiosk_id", "region_code", "severity", "state", "repetitions", "members")
    times = ("since", "opened_at", "gone_at", "cleared_at", "acknowledged_at")
    zh, en = RULES[alert.rule].words(alert.detail)
    return {
        **{name: getattr(alert, name) for name in names},
        **{name: moment.isoformat() if (moment := getattr(alert, name)) else None for name in times},
        "acknowledged_by": alert.acknowledged_by,
        "suppressed": alert.suppressed,
        "group_id": alert.group_id if alert.group_id in groups else None,
        "text_zh": zh,
        "text_en": en,
    }


@router.get("/alerts")
async def alerts(
    staff: Viewer,
    session: DbSession,
    state: Literal["open", "new", "acknowledged", "cleared", "all"] = "open",
    severity: Literal["", "warning", "error"] = "",
    rule: Annotated[str, Query(max_length=40)] = "",
    region: Annotated[str, Query(max_length=12)] = "",
    search: Annotated[str, Query(max_length=80)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> dict[str, Any]:
    found = await list_alerts(session, staff, AlertFilter(state, severity, rule, region, search, page))
    groups = await visible_groups(session, staff, found.alerts)
    return {"total": found.total, "pages": found.pages, "alerts": [alert_out(alert, groups) for alert in found.alerts]}


@router.get("/alerts/counts")
async def badge(staff: Viewer, session: DbSession) -> dict[str, int]:
    return vars(await counts(session, staff))


@router.post("/alerts/acknowledge")
async def acknowledge_some(body: Acknowledge, staff: Alerter, session: DbSession) -> dict[str, int]:
    """Those that are open and in the person's regions; the others are left out."""
    done = await acknowledge(session, staff, body.alert_ids, datetime.now(UTC))
    await session.commit()
    return {"acknowledged": done}


@router.get("/alerts/{alert_id}")
async def one(alert_id: str, staff: Viewer, session: DbSession) -> dict[str, Any]:
    """With its history and its messages; addresses only for those who keep the roster."""
    alert = await visible_alert(session, staff, Permission.VIEW, alert_id)
    notes = await session.scalars(select(AlertNote).where(AlertNote.alert_id == alert_id).order_by(AlertNote.id))
    sent = await session.scalars(
        select(AlertMessage).where(AlertMessage.alert_id == alert_id).order_by(AlertMessage.number)
    )
    open_addresses = staff.may(Permission.ALERTS, alert.region_code)
    return {
        **alert_out(alert, await visible_groups(session, staff, [alert])),
        "history": [
            {"at": note.at.isoformat(), "what": note.what, "actor": note.actor, "detail": note.detail} for note in notes
        ],
        "messages": [
            {
                "kind": message.kind,
                "channel": message.channel,
                "person": message.person,
                "address": message.address if open_addresses else "",
                "state": message.state,
                "attempts": message.attempts,
                "error": message.error,
                "sent_at": message.sent_at.isoformat() if message.sent_at else None,
            }
            for message in sent
        ],
    }


@router.get("/alert-rules")
async def rules(staff: Viewer, session: DbSession, region: Annotated[str, Query(max_length=12)]) -> dict[str, Any]:
    """Every rule's values in a region, and which region says so."""
    if not is_code(region):
        raise HTTPException(422, "a region's code has twelve digits")
    in_region(staff, Permission.VIEW, region)
    config = await RuleConfig.load(session)
    return {
        name: {
            **{field: getattr(config.of(name, region), field) for field in FIELDS},
            "said_by": dict(config.of(name, region).said_by),
        }
        for name in RULES
    }


@router.put("/alert-rules/{rule}/{region}")
async def set_one(rule: str, region: str, body: RuleSettingIn, staff: Alerter, session: DbSession) -> dict[str, Any]:
    if rule not in RULES or not is_code(region):
        raise HTTPException(404, "no such rule or region")
    in_region(staff, Permission.ALERTS, region)
    await set_rule(session, staff, rule, region, body.model_dump(), datetime.now(UTC))
    await session.commit()
    return body.model_dump()
