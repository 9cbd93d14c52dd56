"""Reports: availability against the promise, use, satisfaction; by region and month, with exports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from backend.console.exports import csv_response
from backend.console.overview import region_or_home
from backend.console.pages import language_of, page
from backend.deps import CurrentSessions, DbSession
from backend.fleet.queries import breadcrumb
from backend.reports.days import day_of, is_month
from backend.reports.queries import GRADES, SECONDS, Month, kiosk_lines, month_report, months
from backend.staff.access import needs
from backend.staff.roles import Permission, Staff

router = APIRouter()

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Code = Annotated[str, Query(max_length=12)]
MonthName = Annotated[str, Query(max_length=7)]
View = Annotated[str, Query(max_length=20)]
VIEWS = (
    ("availability", "可用率", "Availability"),
    ("usage", "使用情况", "Use"),
    ("satisfaction", "好差评", "Satisfaction"),
)


@router.get("/console/reports", response_class=HTMLResponse, include_in_schema=False)
async def show_report(
    request: Request,
    staff: Viewer,
    session: DbSession,
    region: Code = "",
    month: MonthName = "",
    view: View = "availability",
) -> HTMLResponse:
    """One region, one month, one view."""
    code = region_or_home(staff, region)
    chosen = month_or_now(month)
    report = await month_report(session, staff, code, chosen)
    known = await months(session)
    return page(
        request,
        staff,
        "reports/reports.html",
        title=("报表", "Reports"),
        nav="reports",
        region=code,
        month=chosen,
        months=sorted({*known, chosen}, reverse=True),
        view=view if view in {name for name, _, _ in VIEWS} else "availability",
        views=VIEWS,
        report=report,
        chart=_chart(report),
        grades=GRADES,
        steps=await breadcrumb(session, staff, code),
    )


@router.get("/console/reports.csv", include_in_schema=False)
async def export_report(
    request: Request, staff: Viewer, sessions: CurrentSessions, region: Code = "", month: MonthName = ""
) -> Response:
    """The month of every kiosk of the region, as CSV, streamed."""
    code = region_or_home(staff, region)
    chosen = month_or_now(month)
    lines = kiosk_lines(sessions, staff, code, chosen, language_of(request) == "en")
    return csv_response(f"availability-{chosen}-{code.rstrip('0') or 'all'}", lines)


def month_or_now(month: str) -> str:
    """The wanted month, or this one in China; 404 for what is no month."""
    if not month:
        return day_of(datetime.now(UTC))[:7]
    if not is_month(month):
        raise HTTPException(404, "no such month")
    return month


def _chart(report: Month) -> dict[str, Any]:
    """The days for the charts; days to come are left out."""
    today = day_of(datetime.now(UTC))
    days = [day for day in report.days if day <= today]
    names = (*SECONDS, "completed", "failed", "sessions", "prints", "payments")
    return {"days": days, "series": {name: [report.by_day[day].of(name) for day in days] for name in names}}
