"""The console's pages of rollouts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError
from sqlalchemy import select

from backend.console.pages import fragment, page
from backend.deps import DbSession
from backend.regions.division import Level
from backend.regions.models import Region
from backend.releases import words
from backend.releases.models import Release
from backend.releases.planning import GroupPlan, PlanError, RolloutPlan, Selection, make_rollout
from backend.releases.queries import of_kiosk, reasons, rollout_view, troubled_members, visible_rollouts
from backend.releases.staff_routes import carry_out, enter_release
from backend.releases.states import MemberState, ReleaseKind
from backend.staff.access import needs, visible_kiosk, within
from backend.staff.roles import Permission, Staff

router = APIRouter(prefix="/console", include_in_schema=False)

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Publisher = Annotated[Staff, needs(Permission.RELEASE)]
_STOP_ASKING = 286  # htmx puts the answer in its place and asks no more
_DEFAULTS = {
    "title": "",
    "release_id": "",
    "region": "",
    "regions": "",
    "sites": "",
    "kiosks": "",
    "first": "",
    "shares": "1, 10",
    "max_error_percent": "2",
    "min_sample": "10",
    "silence_minutes": "60",
    "reach_hours": "24",
    "soak_minutes": "30",
    "window_from": "22:00",
    "window_to": "05:00",
    "kilobytes_per_s": "0",
}


# What is only tried is tried now, on a few: it need not wait for the night.
_TRIAL = _DEFAULTS | {
    "shares": "50",
    "silence_minutes": "2",
    "reach_hours": "0.1",
    "soak_minutes": "1",
    "window_from": "",
    "window_to": "",
}
_FIELDS = {
    "title": ("名称", "Title"),
    "release_id": ("版本", "Version"),
    "groups": ("分批", "Groups"),
    "share": ("占比", "Share"),
    "members": ("终端范围", "Which kiosks"),
    "max_error_share": ("失败率上限", "Errors allowed"),
    "min_sample": ("最少尝试台数", "Attempts needed"),
    "silence_s": ("无回音时间", "Silence"),
    "reach_s": ("等待离线终端", "Wait for silent kiosks"),
    "soak_s": ("批间观察", "Watch between groups"),
    "window_from": ("窗口开始", "Window from"),
    "window_to": ("窗口结束", "Window to"),
    "bytes_per_s": ("限速", "Cap"),
}


@router.get("/rollouts")
async def index(request: Request, staff: Viewer, session: DbSession) -> HTMLResponse:
    views = await visible_rollouts(session, staff)
    return page(
        request, staff, "rollouts/list.html", title=("发布", "Rollouts"), nav="rollouts", views=views, words=words
    )


@router.get("/rollouts/new")
async def new(request: Request, staff: Publisher, session: DbSession) -> HTMLResponse:
    release_id = request.query_params.get("release_id", "")
    wanted = select(Release.kind).order_by(Release.created_at.desc()).limit(1)
    kind = await session.scalar(wanted.where(Release.release_id == release_id) if release_id else wanted)
    usual = _TRIAL if kind == ReleaseKind.TRIAL else _DEFAULTS
    values = usual | {key: value for key, value in request.query_params.items() if key in _DEFAULTS}
    return await _form(request, staff, session, values, None)


@router.post("/rollouts/new", response_model=None)
async def make(request: Request, staff: Publisher, session: DbSession) -> Response:
    form = await request.form()
    values = _DEFAULTS | {key: str(form.get(key, "")) for key in _DEFAULTS}
    try:
        rollout = await make_rollout(session, staff, read_plan(values), datetime.now(UTC))
    except (PlanError, ValueError) as error:
        return await _form(request, staff, session, values, _told(error), status=422)
    await session.commit()
    return RedirectResponse(f"/console/rollouts/{rollout.rollout_id}", 303)


@router.post("/releases", response_model=None)
async def add_release(
    request: Request,
    staff: Publisher,
    session: DbSession,
    kind: Annotated[ReleaseKind, Form()],
    version: Annotated[str, Form()],
    payload: Annotated[UploadFile, File()],
    notes: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """A trial's payload is small enough to be entered by hand; content comes from the editor's release."""
    release = await enter_release(request, session, staff, kind, version.strip()[:80], await payload.read(), notes)
    return RedirectResponse(f"/console/rollouts/new?release_id={release.release_id}", 303)


@router.get("/rollouts/{rollout_id}")
async def show(rollout_id: str, request: Request, staff: Viewer, session: DbSession) -> HTMLResponse:
    context = await _live(session, staff, rollout_id)
    title = context["view"].rollout.title
    moving = context["view"].state in words.MOVING
    return page(request, staff, "rollouts/show.html", title=(title, title), nav="rollouts", moving=moving, **context)


@router.get("/rollouts/{rollout_id}/live")
async def live(rollout_id: str, request: Request, staff: Viewer, session: DbSession) -> HTMLResponse:
    """The part of the page that changes by itself."""
    context = await _live(session, staff, rollout_id)
    status = 200 if context["view"].state in words.MOVING else _STOP_ASKING
    return fragment(request, staff, "rollouts/live.html", status=status, **context)


@router.post("/rollouts/{rollout_id}/deeds")
async def deed(
    rollout_id: str,
    request: Request,
    staff: Publisher,
    session: DbSession,
    deed: Annotated[str, Form()],
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    await carry_out(session, staff, rollout_id, deed, reason)
    request.app.state.jobs.wake("rollouts")
    return RedirectResponse(f"/console/rollouts/{rollout_id}", 303)


@router.get("/kiosks/{kiosk_id}/panels/rollouts")
async def panel(kiosk_id: str, request: Request, staff: Viewer, session: DbSession) -> HTMLResponse:
    await visible_kiosk(session, staff, Permission.VIEW, kiosk_id)
    rows = await of_kiosk(session, kiosk_id)
    return fragment(request, staff, "rollouts/panel.html", rows=rows, words=words, MemberState=MemberState)


async def _live(session: DbSession, staff: Staff, rollout_id: str) -> dict[str, Any]:
    view = await rollout_view(session, staff, rollout_id)
    if view is None:
        raise HTTPException(404, "no such rollout")
    region = await session.get(Region, view.rollout.region_code)
    steers = staff.may(Permission.RELEASE, view.rollout.region_code)
    return {
        "view": view,
        "region": region,
        "deeds": words.POSSIBLE.get(view.state, ()) if steers else (),
        "troubled": await troubled_members(session, staff, rollout_id),
        "reasons": await reasons(session, staff, rollout_id),
        "words": words,
        "MemberState": MemberState,
    }


async def _form(
    request: Request,
    staff: Staff,
    session: DbSession,
    values: dict[str, str],
    problem: tuple[str, str] | None,
    status: int = 200,
) -> HTMLResponse:
    releases = list(await session.scalars(select(Release).order_by(Release.created_at.desc()).limit(100)))
    regions = await session.scalars(
        select(Region)
        .where(within(Region.code, staff, Permission.RELEASE), Region.level <= Level.COUNTY)
        .order_by(Region.code)
    )
    return page(
        request,
        staff,
        "rollouts/new.html",
        title=("新建发布", "New rollout"),
        nav="rollouts",
        status=status,
        values=values,
        problem=problem,
        releases=releases,
        regions=list(regions),
        words=words,
        ReleaseKind=ReleaseKind,
    )


def read_plan(values: dict[str, str]) -> RolloutPlan:
    """The form's fields as a plan. Raises ValueError with a sentence for the reader."""
    first, shares = _names(values["first"]), [float(share) for share in _names(values["shares"])]
    groups = [GroupPlan(name="先行", selection=Selection(kiosks=first))] if first else []
    groups += [GroupPlan(name=f"{share:g}%", share=share) for share in shares]
    return RolloutPlan(
        title=values["title"].strip(),
        release_id=values["release_id"],
        members=Selection(
            regions=_names(f"{values.get('region', '')} {values['regions']}"),
            sites=_names(values["sites"]),
            kiosks=_names(values["kiosks"]),
        ),
        groups=[*groups, GroupPlan(name="其余", share=100)],
        max_error_share=float(values["max_error_percent"]) / 100,
        min_sample=int(values["min_sample"]),
        silence_s=round(float(values["silence_minutes"]) * 60),
        reach_s=round(float(values["reach_hours"]) * 3600),
        soak_s=round(float(values["soak_minutes"]) * 60),
        window_from=_minutes(values["window_from"]),
        window_to=_minutes(values["window_to"]),
        bytes_per_s=round(float(values["kilobytes_per_s"]) * 1000),
    )


def _names(text: str) -> list[str]:
    return [name for name in text.replace(",", " ").replace("，", " ").split() if name]


def _minutes(text: str) -> int | None:
    """ "22:30" → 1350; nothing → None."""
    if not text.strip():
        return None
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes or 0)


def _told(error: Exception) -> tuple[str, str]:
    if isinstance(error, PlanError):
        return error.zh, str(error)
    if isinstance(error, ValidationError):
        names = [_field(fault["loc"]) for fault in error.errors()]
        said = "; ".join(f"{name[1]}: {fault['msg']}" for name, fault in zip(names, error.errors(), strict=True))
        return "请检查：" + "、".join(name[0] for name in names), said
    return "请检查填写的数字和时间。", f"Please check numbers and times: {error}"


def _field(place: tuple[int | str, ...]) -> tuple[str, str]:
    """What the form calls the field of a fault."""
    named = [_FIELDS[part] for part in place if isinstance(part, str) and part in _FIELDS]
    return named[-1] if named else ("填写的内容", "The form")
