"""What a region says about a rule is written here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.config import FIELDS
from backend.alerts.models import AlertRuleSetting
from backend.staff import audit
from backend.staff.roles import Staff


async def set_rule(
    session: AsyncSession, staff: Staff, rule: str, region_code: str, values: dict[str, Any], at: datetime
) -> None:
    """`values` by `config.FIELDS`; all None takes the region's word away. The caller commits."""
    row = await session.get(AlertRuleSetting, (region_code, rule))
    before = {field: getattr(row, field) for field in FIELDS} if row else {}
    if all(values.get(field) is None for field in FIELDS):
        if row is not None:
            await session.delete(row)
    else:
        if row is None:
            row = AlertRuleSetting(region_code=region_code, rule=rule, set_by=staff.staff_id, set_at=at)
            session.add(row)
        for field in FIELDS:
            setattr(row, field, values.get(field))
        row.set_by, row.set_at = staff.staff_id, at
    detail = {"before": before, "after": values}
    subject = f"alert-rule:{rule}"
    await audit.record(session, staff.staff_id, "alert.rule", subject, at, region_code=region_code, detail=detail)
