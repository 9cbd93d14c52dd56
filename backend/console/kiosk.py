"""The page of one kiosk, and that of one site."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.console.neighbours import panels
from backend.console.pages import fragment, page
from backend.contract.fleet_api import CommandKind, CommandState, IdentityState
from backend.deps import DbSession
from backend.fleet import one_kiosk
from backend.fleet.commands import service as commands
from backend.fleet.commands.kinds import CommandError
from backend.fleet.commands.models import Command
from backend.fleet.events import EventKind
from backend.fleet.listing import KioskFilter, listing
from backend.fleet.models import KioskEvent, KioskState
from backend.fleet.queries import breadcrumb, events_query
from backend.reports.days import before, day_of, days_between
from backend.reports.models import KioskDay, UsageDay
from backend.staff.access import needs, visible_kiosk, visible_site
from backend.staff.roles import Permission, Staff

router = APIRouter()

EVENTS_AT_ONCE = 20
NO_REASON = ("请填写给群众看的原因。", "Say why: residents read it on the screen.")
OFFERED = tuple(kind for kind in CommandKind if kind is not CommandKind.WIPE)

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Operator = Annotated[Staff, needs(Permission.OPERATE)]
Enroller = Annotated[Staff, needs(Permission.ENROL)]


@router.get("/console/kiosks/{kiosk_id}", response_class=HTMLResponse, include_in_schema=False)
async def show_kiosk(request: Request, kiosk_id: str, staff: Viewer, session: DbSession) -> HTMLResponse:
    """Everything about one kiosk."""
    kiosk = await visible_kiosk(session, staff, Permission.VIEW, kiosk_id)
    return await _kiosk_page(request, staff, session, kiosk_id, whole=await one_kiosk.whole(session, kiosk))


async def _kiosk_page(
    request: Request,
    staff: Staff,
    session: AsyncSession,
    kiosk_id: str,
    *,
    whole: one_kiosk.Whole,
    problem: tuple[str, str] | None = None,
) -> HTMLResponse:
    now = datetime.now(UTC)
    since = one_kiosk.month_ago(now)
    return page(
        request,
        staff,
        "kiosk/kiosk.html",
        title=(kiosk_id, kiosk_id),
        nav="kiosks",
        status=200 if problem is None else 422,
        whole=whole,
        steps=await breadcrumb(session, staff, whole.kiosk.region_code),
        payments=await one_kiosk.payments_of(session, [kiosk_id], since),
        certificates=await one_kiosk.certificates_of(session, [kiosk_id], since),
        usage=usage_chart(await one_kiosk.usage_of(session, kiosk_id, now), now),
        days=availability_chart(await one_kiosk.days_of(session, [kiosk_id], now), now),
        orders=await commands.recent(session, kiosk_id, 10),
        closed_because=await _closed_because(session, whole.state),
        offered=OFFERED if staff.may(Permission.OPERATE, whole.kiosk.region_code) else (),
        may_wipe=staff.may(Permission.ENROL, whole.kiosk.region_code)
        and whole.kiosk.identity == IdentityState.ENROLLED.value,
        panels=panels(kiosk_id),
        problem=problem,
        clock_off_s=one_kiosk.CLOCK_OFF_S,
        now=now,
        **await _timeline(session, staff, kiosk_id),
    )


@router.get("/console/kiosks/{kiosk_id}/events", response_class=HTMLResponse, include_in_schema=False)
async def show_events(
    request: Request,
    kiosk_id: str,
    staff: Viewer,
    session: DbSession,
    kind: Annotated[str, Query(max_length=40)] = "",
    before_id: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> HTMLResponse:
    """The kiosk's history; a piece of it if htmx asks."""
    await visible_kiosk(session, staff, Permission.VIEW, kiosk_id)
    context = await _timeline(session, staff, kiosk_id, kind, before_id)
    if request.headers.get("hx-request") == "true":
        return fragment(request, staff, "kiosk/events.html", kiosk_id=kiosk_id, **context)
    title = (f"{kiosk_id} 的历史", f"History of {kiosk_id}")
    return page(request, staff, "kiosk/history.html", title=title, nav="kiosks", kiosk_id=kiosk_id, **context)


async def _timeline(
    session: AsyncSession, staff: Staff, kiosk_id: str, kind: str = "", before_id: int | None = None
) -> dict[str, Any]:
    query = events_query(staff, kiosk_id=kiosk_id, kinds=[kind] if kind else (), before=before_id)
    found: list[KioskEvent] = list(await session.scalars(query.limit(EVENTS_AT_ONCE + 1)))
    return {
        "events": found[:EVENTS_AT_ONCE],
        "more": found[EVENTS_AT_ONCE - 1].id if len(found) > EVENTS_AT_ONCE else None,
        "kind": kind,
        "kinds": [entry.value for entry in EventKind],
        "later": before_id is not None,
    }


@router.post("/console/kiosks/{kiosk_id}/commands", response_class=HTMLResponse, include_in_schema=False)
async def give_command(request: Request, kiosk_id: str, staff: Operator, session: DbSession) -> Response:
    """Give the kiosk a command from the form of its page."""
    kiosk = await visible_kiosk(session, staff, Permission.OPERATE, kiosk_id)
    form = await request.form(max_files=0, max_fields=20)
    given = {key: str(value)[:200] for key, value in form.items()}
    problem = ("没有这种命令。", "There is no such command.")
    if given.get("kind") in {kind.value for kind in OFFERED}:
        kind = CommandKind(given["kind"])
        try:
            if kind is CommandKind.OUT_OF_SERVICE and not given.get("reason_zh", "").strip():
                raise CommandError("reason", NO_REASON[1])
            await commands.create(
                session, staff, kiosk, kind, _arguments(kind, given), urgent="urgent" in given, at=datetime.now(UTC)
            )
        except CommandError as error:
            problem = _said(error)
        else:
            await session.commit()
            request.app.state.jobs.wake("commands")
            return RedirectResponse(f"/console/kiosks/{kiosk_id}#commands", 303)
    await session.rollback()
    kiosk = await visible_kiosk(session, staff, Permission.VIEW, kiosk_id)
    return await _kiosk_page(
        request, staff, session, kiosk_id, whole=await one_kiosk.whole(session, kiosk), problem=problem
    )


@router.post("/console/kiosks/{kiosk_id}/wipe", response_class=HTMLResponse, include_in_schema=False)
async def ask_to_wipe(request: Request, kiosk_id: str, staff: Enroller, session: DbSession) -> Response:
    """Ask a second person to agree that the kiosk forgets everything."""
    kiosk = await visible_kiosk(session, staff, Permission.ENROL, kiosk_id)
    form = await request.form(max_files=0, max_fields=5)
    reason = str(form.get("reason", "")).strip()
    if kiosk.identity != IdentityState.ENROLLED.value or not reason:
        problem = (
            "没有提交：须写明原因，且终端须已注册。",
            "Not asked for: it needs a reason and an enrolled kiosk.",
        )
        whole = await one_kiosk.whole(session, kiosk)
        return await _kiosk_page(request, staff, session, kiosk_id, whole=whole, problem=problem)
    await commands.request_wipe(session, staff, kiosk, reason, datetime.now(UTC))
    await session.commit()
    return RedirectResponse("/console/approvals?done=asked", 303)


async def _closed_because(session: AsyncSession, state: KioskState) -> tuple[str, str]:
    """Why it is out of service, in both languages. Kiosks report theirs in English; what staff wrote is known."""
    said = str(state.report.get("out_of_service", ""))
    last = await session.scalar(
        select(Command.arguments)
        .where(
            Command.kiosk_id == state.kiosk_id,
            Command.kind == CommandKind.OUT_OF_SERVICE.value,
            Command.state == CommandState.DONE.value,
        )
        .order_by(Command.created_at.desc())
        .limit(1)
    )
    if last and last.get("reason_zh") and said in (last.get("reason_en"), last["reason_zh"]):
        return last["reason_zh"], said
    return said, said


def _arguments(kind: CommandKind, given: dict[str, str]) -> dict[str, Any]:
    """The fields of this kind only: the form holds those of all kinds where there is no JavaScript."""
    match kind:
        case CommandKind.RESTART:
            return {"what": given.get("what", "program")}
        case CommandKind.OUT_OF_SERVICE:
            return {"reason_zh": given.get("reason_zh", ""), "reason_en": given.get("reason_en", "")}
        case CommandKind.LOG_BUNDLE:
            return {"hours": _number(given.get("hours", "24"))}
        case CommandKind.VOLUME:
            return {"percent": _number(given.get("percent", "60"))}
        case CommandKind.PRINT_TEST:
            return {"printer": given.get("printer", "receipt_printer")}
    return {}


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def _said(error: CommandError) -> tuple[str, str]:
    zh = {
        "not-enrolled": "该终端尚未注册或已停用，不能接收命令。",
        "too-many": "等待中的命令太多，请稍后再发。",
        "arguments": "参数不正确：" + str(error),
        "reason": NO_REASON[0],
    }
    return zh.get(error.code, str(error)), str(error)


@router.get("/console/sites/{site_id}", response_class=HTMLResponse, include_in_schema=False)
async def show_site(request: Request, site_id: str, staff: Viewer, session: DbSession) -> HTMLResponse:
    """A place: where it is, its kiosks, how long they served."""
    site = await visible_site(session, staff, Permission.VIEW, site_id)
    now = datetime.now(UTC)
    found = await listing(session, staff, KioskFilter(site=site_id, sort="kiosk"), now)
    ids = [row.kiosk.kiosk_id for row in found.rows]
    days = await one_kiosk.days_of(session, ids, now)
    since = one_kiosk.month_ago(now)
    return page(
        request,
        staff,
        "kiosk/site.html",
        title=(site.name_zh, site.name_en),
        nav="kiosks",
        site=site,
        steps=await breadcrumb(session, staff, site.region_code),
        found=found,
        days=availability_chart(days, now),
        payments=await one_kiosk.payments_of(session, ids, since),
        certificates=await one_kiosk.certificates_of(session, ids, since),
        now=now,
    )


def usage_chart(rows: list[UsageDay], now: datetime) -> dict[str, Any]:
    """Thirty days for the chart and its table; days without a row are zeros."""
    today = day_of(now)
    by_day = {row.day: row for row in rows}
    days = days_between(before(today, 29), today)
    names = ("sessions", "completed", "failed", "prints", "payments")
    series = {name: [getattr(by_day.get(day), name, 0) or 0 for day in days] for name in names}
    return {"days": days, "series": series, "totals": {name: sum(values) for name, values in series.items()}}


def availability_chart(rows: list[KioskDay], now: datetime) -> dict[str, Any]:
    """Thirty days, summed over the kiosks, seconds."""
    names = ("serving_s", "faulty_s", "closed_s", "offline_s", "unknown_s")
    today = day_of(now)
    days = days_between(before(today, 29), today)
    series = {name: [0] * len(days) for name in names}
    place = {day: number for number, day in enumerate(days)}
    for row in rows:
        if row.day in place:
            for name in names:
                series[name][place[row.day]] += getattr(row, name)
    totals = {name: sum(values) for name, values in series.items()}
    known = sum(totals.values()) - totals["unknown_s"]
    open_s = totals["serving_s"] + totals["faulty_s"]
    return {"days": days, "series": series, "totals": totals, "share": open_s / known if known else None}
