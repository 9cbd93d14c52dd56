"""The technician's pages: made for a thumb on a telephone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts import say
from backend.alerts.models import Alert
from backend.alerts.work import service
from backend.alerts.work.api import visible_order
from backend.alerts.work.checks import CHECKS, KINDS, WorkKind
from backend.alerts.work.models import WorkOrder, WorkState
from backend.console.pages import fragment, page
from backend.contract.fleet_api import CommandKind
from backend.deps import DbSession
from backend.fleet.commands import service as commands
from backend.fleet.commands.kinds import CommandError
from backend.fleet.models import Kiosk, KioskEvent, KioskState, Site
from backend.staff import audit
from backend.staff.access import needs, visible_kiosk, within
from backend.staff.roles import Permission, Staff

router = APIRouter(prefix="/console", include_in_schema=False, default_response_class=HTMLResponse)

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Worker = Annotated[Staff, needs(Permission.WORK)]
AT_ONCE = 100
# What helps on site: what is written on the button, the kind and its arguments.
ON_SITE: dict[str, tuple[tuple[str, str], CommandKind, dict[str, str]]] = {
    "receipt": (("打印凭条测试", "Test receipt"), CommandKind.PRINT_TEST, {"printer": "receipt_printer"}),
    "document": (("打印文档测试", "Test document"), CommandKind.PRINT_TEST, {"printer": "document_printer"}),
    "self-test": (("自检", "Self-test"), CommandKind.SELF_TEST, {}),
}


@router.get("/work")
async def work_list(request: Request, staff: Viewer, session: DbSession, show: str = "open") -> HTMLResponse:
    """Mine first, then those nobody has taken, then the others; `show`: "open", "mine" or "closed"."""
    query = (
        select(WorkOrder, Site)
        .join(Kiosk, Kiosk.kiosk_id == WorkOrder.kiosk_id)
        .join(Site, Site.site_id == Kiosk.site_id)
        .where(within(WorkOrder.region_code, staff, Permission.VIEW))
    )
    ended = WorkOrder.state.in_((WorkState.CLOSED.value, WorkState.CANCELLED.value))
    query = query.where(ended if show == "closed" else ~ended)
    if show == "mine":
        query = query.where(WorkOrder.assignee == staff.staff_id)
    mine = case((WorkOrder.assignee == staff.staff_id, 0), (WorkOrder.assignee.is_(None), 1), else_=2)
    order = WorkOrder.changed_at.desc() if show == "closed" else WorkOrder.created_at
    rows = (await session.execute(query.order_by(mine, order, WorkOrder.order_id).limit(AT_ONCE))).all()
    return page(
        request,
        staff,
        "work/list.html",
        title=("工单", "Work orders"),
        nav="work",
        rows=rows,
        show=show,
        say=say,
        kinds=KINDS,
    )


@router.get("/work/new")
async def new_order(request: Request, staff: Worker, session: DbSession, kiosk: str) -> HTMLResponse:
    """By hand, for one kiosk."""
    found = await visible_kiosk(session, staff, Permission.WORK, kiosk)
    site = await session.get_one(Site, found.site_id)
    return page(
        request,
        staff,
        "work/new.html",
        title=("新建工单", "New work order"),
        nav="work",
        kiosk=found,
        site=site,
        kinds=KINDS,
    )


@router.post("/work")
async def create(
    staff: Worker,
    session: DbSession,
    kiosk_id: Annotated[str, Form(max_length=60)],
    task: Annotated[str, Form(min_length=1, max_length=300)],
    kind: Annotated[WorkKind, Form()],
) -> RedirectResponse:
    at = datetime.now(UTC)
    kiosk = await visible_kiosk(session, staff, Permission.WORK, kiosk_id)
    order = await service.create(session, staff.staff_id, kiosk, task.strip(), at, kind=kind)
    await _record(session, staff, "work.create", order, at)
    await session.commit()
    return RedirectResponse(f"/console/work/{order.order_id}", 303)


@router.get("/work/{order_id}")
async def show_order(request: Request, order_id: str, staff: Viewer, session: DbSession) -> HTMLResponse:
    order = await visible_order(session, staff, Permission.VIEW, order_id)
    return await _page(request, staff, session, order)


async def _page(
    request: Request,
    staff: Staff,
    session: AsyncSession,
    order: WorkOrder,
    problem: tuple[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    kiosk = await session.get_one(Kiosk, order.kiosk_id)
    query = select(KioskEvent).where(KioskEvent.kiosk_id == order.kiosk_id).order_by(KioskEvent.id.desc()).limit(8)
    return page(
        request,
        staff,
        "work/show.html",
        title=(f"工单 {order.kiosk_id}", f"Work order {order.kiosk_id}"),
        nav="work",
        status=status,
        order=order,
        site=await session.get_one(Site, kiosk.site_id),
        kiosk_state=await session.get(KioskState, order.kiosk_id),
        alert=await session.get(Alert, order.alert_id) if order.alert_id else None,
        missing=await service.missing(session, order),
        checks=CHECKS[WorkKind(order.kind)],
        kind=KINDS[WorkKind(order.kind)],
        notes=await service.notes_of(session, order.order_id),
        events=list(await session.scalars(query)),
        on_site=ON_SITE,
        may_work=service.may_work(staff, order),
        may_operate=staff.may(Permission.OPERATE, order.region_code),
        problem=problem,
        say=say,
    )


@router.post("/work/{order_id}/deed", response_model=None)
async def deed(
    request: Request, order_id: str, staff: Worker, session: DbSession, name: Annotated[service.Deed, Form()]
) -> HTMLResponse | RedirectResponse:
    order = await visible_order(session, staff, Permission.WORK, order_id)
    try:
        await service.step(session, staff, order, name, datetime.now(UTC))
    except service.WorkError as error:
        problem = ("现在还不能关闭：请看下面缺什么。", "Not to be closed yet: see below what is missing.")
        if error.code != "missing":
            problem = ("工单状态已变，请重新查看。", "The order has moved on; look again.")
        return await _page(request, staff, session, order, problem, 409)
    await session.commit()
    return RedirectResponse(f"/console/work/{order_id}", 303)


@router.post("/work/{order_id}/check")
async def check(
    order_id: str,
    staff: Worker,
    session: DbSession,
    name: Annotated[str, Form(max_length=40)],
    on: Annotated[bool, Form()],
) -> RedirectResponse:
    order = await visible_order(session, staff, Permission.WORK, order_id)
    at = datetime.now(UTC)
    try:
        await service.tick(session, staff, order, name, on, at)
    except service.WorkError as error:
        raise HTTPException(409, str(error)) from None
    await _record(session, staff, "work.check", order, at)
    await session.commit()
    return RedirectResponse(f"/console/work/{order_id}#checks", 303)


@router.post("/work/{order_id}/note")
async def write_note(
    order_id: str, staff: Worker, session: DbSession, text: Annotated[str, Form(min_length=1, max_length=500)]
) -> RedirectResponse:
    order = await visible_order(session, staff, Permission.WORK, order_id)
    at = datetime.now(UTC)
    await service.note(session, staff, order, text.strip(), at)
    await _record(session, staff, "work.note", order, at)
    await session.commit()
    return RedirectResponse(f"/console/work/{order_id}#notes", 303)


@router.post("/work/{order_id}/command", response_model=None)
async def command(
    request: Request, order_id: str, staff: Worker, session: DbSession, name: Annotated[str, Form(max_length=20)]
) -> HTMLResponse | RedirectResponse:
    """A test, from the place itself."""
    order = await visible_order(session, staff, Permission.WORK, order_id)
    kiosk = await visible_kiosk(session, staff, Permission.OPERATE, order.kiosk_id)
    if name not in ON_SITE:
        raise HTTPException(404, "no such command")
    words, kind, arguments = ON_SITE[name]
    at = datetime.now(UTC)
    try:
        await commands.create(session, staff, kiosk, kind, arguments, urgent=True, at=at)
    except CommandError:
        await session.rollback()
        order = await visible_order(session, staff, Permission.WORK, order_id)
        problem = ("命令没有下发：终端未登记或命令太多。", "The command was not given: not enrolled, or too many open.")
        return await _page(request, staff, session, order, problem, 409)
    await service.write_command(session, staff, order, words[0], at)
    await session.commit()
    request.app.state.jobs.wake("commands")
    return RedirectResponse(f"/console/work/{order_id}#notes", 303)


@router.get("/kiosks/{kiosk_id}/panels/work")
async def panel(request: Request, kiosk_id: str, staff: Viewer, session: DbSession) -> HTMLResponse:
    """A kiosk's work orders, the open ones first."""
    kiosk = await visible_kiosk(session, staff, Permission.VIEW, kiosk_id)
    query = select(WorkOrder).where(WorkOrder.kiosk_id == kiosk_id).order_by(WorkOrder.created_at.desc()).limit(10)
    return fragment(
        request,
        staff,
        "work/panel.html",
        orders=list(await session.scalars(query)),
        kiosk=kiosk,
        may_work=staff.may(Permission.WORK, kiosk.region_code),
        say=say,
    )


async def _record(session: AsyncSession, staff: Staff, action: str, order: WorkOrder, at: datetime) -> None:
    subject = f"work-order:{order.order_id}"
    await audit.record(session, staff.staff_id, action, subject, at, region_code=order.region_code)
