"""What other packages add to the console's pages."""

from __future__ import annotations

from dataclasses import dataclass

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


def panels(kiosk_id: str) -> list[Panel]:
    """Each is fetched when it comes into view; one that cannot be fetched says so in its place."""
    return [Panel(name, zh, en, f"/console/kiosks/{kiosk_id}/panels/{name}") for name, zh, en in _PANELS]


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
