"""What other pages ask about alerts: badges, and a kiosk's open ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.groups import counted
from backend.alerts.models import Alert, AlertState
from backend.alerts.work.models import WorkOrder, WorkState
from backend.fleet.events import Severity
from backend.staff.access import within
from backend.staff.roles import Permission, Staff


@dataclass(frozen=True)
class Counts:
    """Open alerts a person may see. Members of a group are counted as one, the group, if the person sees that."""

    errors: int
    warnings: int
    unacknowledged: int
    work_orders: int  # not yet closed


async def counts(session: AsyncSession, staff: Staff) -> Counts:
    visible = (
        Alert.state == AlertState.OPEN.value,
        counted(staff),
        within(Alert.region_code, staff, Permission.VIEW),
    )
    row = (
        await session.execute(
            select(
                func.coalesce(func.sum(case((Alert.severity == Severity.ERROR.value, 1), else_=0)), 0),
                func.count(),
                func.coalesce(func.sum(case((Alert.acknowledged_at.is_(None), 1), else_=0)), 0),
            ).where(*visible)
        )
    ).one()
    orders = await session.scalar(
        select(func.count())
        .select_from(WorkOrder)
        .where(
            WorkOrder.state.not_in((WorkState.CLOSED.value, WorkState.CANCELLED.value)),
            within(WorkOrder.region_code, staff, Permission.VIEW),
        )
    )
    return Counts(int(row[0]), int(row[1]) - int(row[0]), int(row[2]), orders or 0)


async def open_for_kiosk(session: AsyncSession, kiosk_id: str) -> Sequence[Alert]:
    """Worst first. Members of a group are in it too: they are this kiosk's."""
    worst = case((Alert.severity == Severity.ERROR.value, 0), else_=1)
    query = select(Alert).where(Alert.kiosk_id == kiosk_id, Alert.state == AlertState.OPEN.value)
    return list(await session.scalars(query.order_by(worst, Alert.since)))
