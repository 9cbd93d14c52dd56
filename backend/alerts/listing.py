"""Lists of alerts with filters, for the page and for programs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.groups import counted
from backend.alerts.models import Alert, AlertState
from backend.fleet.events import Severity
from backend.fleet.models import Kiosk, Site
from backend.regions.division import COUNTRY, is_code, span_of
from backend.staff.access import within
from backend.staff.roles import Permission, Staff

AT_ONCE = 50


@dataclass(frozen=True)
class AlertFilter:
    """`state`: "open" (not acknowledged or acknowledged), "new", "acknowledged", "cleared" or "all"."""

    state: str = "open"
    severity: str = ""
    rule: str = ""
    region: str = ""
    search: str = ""
    page: int = 1

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.state == "cleared":
            found.append(Alert.state == AlertState.CLEARED.value)
        elif self.state == "all":
            found.append(Alert.state != AlertState.PENDING.value)
        else:
            found.append(Alert.state == AlertState.OPEN.value)
            if self.state == "new":
                found.append(Alert.acknowledged_at.is_(None))
            elif self.state == "acknowledged":
                found.append(Alert.acknowledged_at.is_not(None))
        if self.severity:
            found.append(Alert.severity == self.severity)
        if self.rule:
            found.append(Alert.rule == self.rule)
        if is_code(self.region):
            span = span_of(self.region)
            found.append(Alert.region_code.between(span.low, span.high))
        if text := self.search.strip():
            sites = (
                select(Kiosk.kiosk_id)
                .join(Site)
                .where(or_(Site.name_zh.contains(text, autoescape=True), Site.name_en.icontains(text, autoescape=True)))
            )
            found.append(or_(Alert.kiosk_id.contains(text, autoescape=True), Alert.kiosk_id.in_(sites)))
        return found


@dataclass(frozen=True)
class Listing:
    alerts: list[Alert]
    total: int
    pages: int


async def list_alerts(session: AsyncSession, staff: Staff, wanted: AlertFilter) -> Listing:
    """Open: worst and newest first; cleared: the newest first."""
    where = [*wanted.conditions(), within(Alert.region_code, staff, Permission.VIEW)]
    if not wanted.search.strip():  # a search finds members too; otherwise they are found under their group
        region = wanted.region if is_code(wanted.region) else COUNTRY
        where.append(counted(staff, region, wanted.severity))
    total = await session.scalar(select(func.count()).select_from(Alert).where(*where)) or 0
    worst = case((Alert.severity == Severity.ERROR.value, 0), else_=1)
    order = (Alert.opened_at.desc(),) if wanted.state in ("cleared", "all") else (worst, Alert.opened_at.desc())
    query = select(Alert).where(*where).order_by(*order, Alert.alert_id)
    rows = await session.scalars(query.limit(AT_ONCE).offset((max(wanted.page, 1) - 1) * AT_ONCE))
    return Listing(list(rows), total, max(1, -(-total // AT_ONCE)))
