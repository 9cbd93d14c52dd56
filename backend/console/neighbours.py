"""What other packages add to the console's pages."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.groups import counted
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
    wide: bool


_PANELS = (
    ("alerts", "告警", "Alerts", False),
    ("work", "工单", "Work orders", False),
    ("identity", "身份与证书", "Identity and certificate", False),
    ("rollouts", "发布", "Rollouts", False),
    ("settings", "配置", "Settings", True),
)


def panels(kiosk_id: str) -> list[Panel]:
    """Each is fetched by the page for itself; one that cannot be fetched says so in its place."""
    below = f"/console/kiosks/{kiosk_id}/panels"
    return [Panel(name, zh, en, f"{below}/{name}", wide) for name, zh, en, wide in _PANELS]


async def open_alerts(session: AsyncSession, staff: Staff, region_code: str) -> int:
    """How many alerts are open in the region; a group counts once, and one that reaches beyond by its members."""
    query = (
        select(func.count())
        .select_from(Alert)
        .where(
            Alert.state == AlertState.OPEN.value,
            counted(staff, region_code),
            within(Alert.region_code, staff, Permission.VIEW),
        )
    )
    if region_code != COUNTRY:
        span = span_of(region_code)
        query = query.where(Alert.region_code.between(span.low, span.high))
    return await session.scalar(query) or 0
