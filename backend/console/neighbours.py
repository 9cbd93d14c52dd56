"""What other packages add to the console's pages. A part that is not there is left out; nothing breaks."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.models import Alert, AlertState
from backend.regions.division import COUNTRY, span_of
from backend.staff.access import within
from backend.staff.roles import Permission, Staff


@dataclass(frozen=True)
class Panel:
    """A part of the kiosk's page that another package fills; `path` is asked for by htmx."""

    name: str
    zh: str
    en: str
    path: str


_PANELS = (
    ("alerts", "告警", "Alerts"),
    ("work", "工单", "Work orders"),
    ("identity", "身份与证书", "Identity and certificate"),
    ("settings", "配置", "Settings"),
    ("rollouts", "发布", "Rollouts"),
)


def panels(request: Request, kiosk_id: str) -> list[Panel]:
    """Those whose route exists in this program."""
    paths = {getattr(route, "path", "") for route in request.app.routes}
    below = "/console/kiosks/{kiosk_id}/panels/"
    return [
        Panel(name, zh, en, f"/console/kiosks/{kiosk_id}/panels/{name}")
        for name, zh, en in _PANELS
        if below + name in paths
    ]


def has_route(request: Request, path: str) -> bool:
    """Whether some part serves this path (as it is declared)."""
    return any(getattr(route, "path", "") == path for route in request.app.routes)


async def open_alerts(session: AsyncSession, staff: Staff, region_code: str) -> int:
    """How many alerts are open in the region; a group counts once."""
    query = (
        select(func.count())
        .select_from(Alert)
        .where(
            Alert.state == AlertState.OPEN.value,
            Alert.group_id.is_(None),
            within(Alert.region_code, staff, Permission.VIEW),
        )
    )
    if region_code != COUNTRY:
        span = span_of(region_code)
        query = query.where(Alert.region_code.between(span.low, span.high))
    return await session.scalar(query) or 0
