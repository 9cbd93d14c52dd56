"""Somebody says: I have seen it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fastapi import HTTPException
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.models import Alert, AlertNote, AlertState
from backend.staff import audit
from backend.staff.access import within
from backend.staff.roles import Permission, Staff


async def acknowledge(session: AsyncSession, staff: Staff, alert_ids: Sequence[str], at: datetime) -> int:
    """How many were open, unseen and in this person's regions; the caller commits."""
    alerts = list(
        await session.scalars(
            select(Alert).where(
                Alert.alert_id.in_(alert_ids[:500]),
                Alert.state == AlertState.OPEN.value,
                Alert.acknowledged_at.is_(None),
                within(Alert.region_code, staff, Permission.ALERTS),
            )
        )
    )
    for alert in alerts:
        alert.acknowledged_by, alert.acknowledged_at = staff.staff_id, at
        session.add(AlertNote(alert_id=alert.alert_id, at=at, what="acknowledged", actor=staff.staff_id, detail={}))
    for alert in alerts:
        subject = f"alert:{alert.alert_id}"
        await audit.record(session, staff.staff_id, "alert.acknowledge", subject, at, region_code=alert.region_code)
    return len(alerts)


async def visible_alert(session: AsyncSession, staff: Staff, permission: Permission, alert_id: str) -> Alert:
    """404 out of sight, 403 where the person may only look."""
    alert = await session.get(Alert, alert_id)
    if alert is None or alert.state == AlertState.PENDING or not staff.may(Permission.VIEW, alert.region_code):
        raise HTTPException(404, "no such alert")
    if not staff.may(permission, alert.region_code):
        raise HTTPException(403, f"needs the permission {permission.value} there")
    return alert
