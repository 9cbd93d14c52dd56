"""A group speaks for its members, to those who can see it.

A wide outage is one alert of a province. Whoever answers for a county of it does not see that one: there the members
stand for themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.alerts.models import Alert
from backend.regions.division import COUNTRY, span_of
from backend.staff.access import within
from backend.staff.roles import Permission, Staff


def counted(staff: Staff, region_code: str = COUNTRY, severity: str = "") -> ColumnElement[bool]:
    """The alerts that count: single ones, groups, and members whose group is not among what this person looks at."""
    group = aliased(Alert)
    where = [group.alert_id == Alert.group_id, within(group.region_code, staff, Permission.VIEW)]
    if region_code != COUNTRY:
        span = span_of(region_code)
        where.append(group.region_code.between(span.low, span.high))
    if severity:
        where.append(group.severity == severity)
    return or_(Alert.group_id.is_(None), not_(exists().where(*where)))


async def visible_group(session: AsyncSession, staff: Staff, alert: Alert) -> Alert | None:
    """None: it is in none, or in one out of this person's sight."""
    group = await session.get(Alert, alert.group_id) if alert.group_id else None
    return group if group is not None and staff.may(Permission.VIEW, group.region_code) else None


async def visible_groups(session: AsyncSession, staff: Staff, alerts: Sequence[Alert]) -> set[str]:
    """The ids of these alerts' groups that this person can see."""
    ids = {alert.group_id for alert in alerts if alert.group_id}
    if not ids:
        return set()
    query = select(Alert.alert_id).where(Alert.alert_id.in_(ids), within(Alert.region_code, staff, Permission.VIEW))
    return set(await session.scalars(query))
