"""Work orders as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.models import Alert
from backend.alerts.work import service
from backend.alerts.work.checks import WorkKind
from backend.alerts.work.models import WorkOrder, WorkState
from backend.deps import DbSession
from backend.staff import audit
from backend.staff.access import STAFF_API, needs, visible_kiosk, within
from backend.staff.roles import Permission, Staff

router = APIRouter(prefix=f"{STAFF_API}/work-orders", tags=["staff: work orders"])

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Worker = Annotated[Staff, needs(Permission.WORK)]


class NewOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kiosk_id: str = Field(max_length=60)
    task: str = Field("", max_length=300)
    kind: WorkKind = WorkKind.VISIT
    alert_id: str | None = Field(None, max_length=32)


class DeedIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    deed: service.Deed
    text: str = Field("", max_length=500)


class CheckIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    check: str = Field(max_length=40)
    on: bool = True


def order_out(order: WorkOrder) -> dict[str, Any]:
    names = ("order_id", "kiosk_id", "region_code", "alert_id", "kind", "trouble", "task", "state", "assignee")
    times = ("created_at", "changed_at", "closed_at")
    return {
        **{name: getattr(order, name) for name in names},
        **{name: moment.isoformat() if (moment := getattr(order, name)) else None for name in times},
        "checks": sorted(order.checks),
        "reopened": order.reopened,
    }


async def visible_order(session: AsyncSession, staff: Staff, permission: Permission, order_id: str) -> WorkOrder:
    """404 out of sight, 403 where the person may only look."""
    order = await session.get(WorkOrder, order_id)
    if order is None or not staff.may(Permission.VIEW, order.region_code):
        raise HTTPException(404, "no such work order")
    if not staff.may(permission, order.region_code):
        raise HTTPException(403, f"needs the permission {permission.value} there")
    return order


@router.get("")
async def orders(
    staff: Viewer,
    session: DbSession,
    state: WorkState | None = None,
    mine: bool = False,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """The newest first."""
    query = select(WorkOrder).where(within(WorkOrder.region_code, staff, Permission.VIEW))
    if state:
        query = query.where(WorkOrder.state == state.value)
    if mine:
        query = query.where(WorkOrder.assignee == staff.staff_id)
    rows = await session.scalars(query.order_by(WorkOrder.created_at.desc(), WorkOrder.order_id).limit(limit))
    return {"work_orders": [order_out(order) for order in rows]}


@router.post("", status_code=201)
async def create(new: NewOrder, staff: Worker, session: DbSession) -> dict[str, Any]:
    """By hand, or from an alert of the same kiosk."""
    at = datetime.now(UTC)
    kiosk = await visible_kiosk(session, staff, Permission.WORK, new.kiosk_id)
    alert = await session.get(Alert, new.alert_id) if new.alert_id else None
    if new.alert_id and (alert is None or alert.kiosk_id != kiosk.kiosk_id):
        raise HTTPException(404, "no such alert of this kiosk")
    if not new.task.strip() and alert is None:
        raise HTTPException(422, "say what is to be done")
    order = await service.create(session, staff.staff_id, kiosk, new.task.strip(), at, kind=new.kind, alert=alert)
    subject = f"work-order:{order.order_id}"
    await audit.record(session, staff.staff_id, "work.create", subject, at, region_code=order.region_code)
    await session.commit()
    return order_out(order)


@router.get("/{order_id}")
async def one(order_id: str, staff: Viewer, session: DbSession) -> dict[str, Any]:
    order = await visible_order(session, staff, Permission.VIEW, order_id)
    lacking = await service.missing(session, order)
    return {
        **order_out(order),
        "missing": [{"what": one.what, "zh": one.zh, "en": one.en} for one in lacking],
        "notes": [
            {"at": note.at.isoformat(), "actor": note.actor, "what": note.what, "text": note.text}
            for note in await service.notes_of(session, order_id)
        ],
    }


@router.post("/{order_id}/deeds", response_model=None)
async def deed(order_id: str, done: DeedIn, staff: Worker, session: DbSession) -> dict[str, Any] | JSONResponse:
    """Take it on; 409 with what is missing."""
    order = await visible_order(session, staff, Permission.WORK, order_id)
    try:
        await service.step(session, staff, order, done.deed, datetime.now(UTC), done.text)
    except service.WorkError as error:
        return JSONResponse(
            {"code": error.code, "detail": str(error), "missing": [one.what for one in error.missing]}, 409
        )
    await session.commit()
    return order_out(order)


@router.post("/{order_id}/checks", response_model=None)
async def check(order_id: str, ticked: CheckIn, staff: Worker, session: DbSession) -> dict[str, Any] | JSONResponse:
    order = await visible_order(session, staff, Permission.WORK, order_id)
    at = datetime.now(UTC)
    try:
        await service.tick(session, staff, order, ticked.check, ticked.on, at)
    except service.WorkError as error:
        return JSONResponse({"code": error.code, "detail": str(error), "missing": []}, 409)
    subject = f"work-order:{order_id}"
    detail = {"check": ticked.check, "on": ticked.on}
    await audit.record(session, staff.staff_id, "work.check", subject, at, region_code=order.region_code, detail=detail)
    await session.commit()
    return order_out(order)
