"""The console's pages of settings: look at a place, change it, see first what it would do, history, revert."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select

from backend.console.pages import fragment, language_of, page
from backend.contract.kiosk_settings import SETTINGS, Setting, Value
from backend.deps import DbSession
from backend.fleet.desired.hierarchy import Effective
from backend.fleet.desired.models import SettingRevision
from backend.fleet.desired.routes import refusal
from backend.fleet.desired.service import Change, ChangeError, apply, at_place, effective, preview, revert
from backend.fleet.models import Kiosk, KioskPulse, KioskState, Site
from backend.regions.division import COUNTRY, is_code, lineage
from backend.regions.models import Region
from backend.staff.access import in_region, needs, visible_kiosk, visible_site, within
from backend.staff.roles import Permission, Staff

router = APIRouter(prefix="/console", include_in_schema=False)

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Configurer = Annotated[Staff, needs(Permission.CONFIGURE)]
_TITLE = ("配置", "Settings")


@router.get("/settings")
async def show(
    request: Request,
    staff: Viewer,
    session: DbSession,
    scope: str = "region",
    scope_id: Annotated[str, Query(alias="id")] = "",
) -> HTMLResponse:
    """Every setting at one place; without one, at the person's own region."""
    scope_id = scope_id or staff.home
    region = await _visible_region(session, staff, scope, scope_id)
    found = await at_place(session, scope, scope_id)
    if found is None:
        raise HTTPException(404, "no such place")
    return page(
        request,
        staff,
        "settings/show.html",
        title=_TITLE,
        nav="settings",
        **await _place(session, staff, scope, scope_id, region),
        **await _words(request, session, _origins(found)),
        rows=[(SETTINGS[key], value, _own(value, scope, scope_id)) for key, value in found.items()],
        changes=staff.may(Permission.CONFIGURE, region),
        problem=None,
    )


@router.post("/settings/preview")
async def try_out(request: Request, staff: Configurer, session: DbSession) -> HTMLResponse:
    """What the form would do; the form of this page brings it into force."""
    form = await request.form()
    scope, scope_id, note = str(form.get("scope", "")), str(form.get("id", "")), str(form.get("note", ""))[:300]
    region = await _visible_region(session, staff, scope, scope_id)
    found = await at_place(session, scope, scope_id)
    if found is None:
        raise HTTPException(404, "no such place")
    place = await _place(session, staff, scope, scope_id, region)
    try:
        changes = _read(dict(form.items()), found, scope, scope_id)
        seen = await preview(session, staff, changes)
    except ChangeError as error:
        rows = [(SETTINGS[key], value, _own(value, scope, scope_id)) for key, value in found.items()]
        return page(
            request,
            staff,
            "settings/show.html",
            status=refusal(error).status_code,
            title=_TITLE,
            nav="settings",
            **place,
            **await _words(request, session, _origins(found)),
            rows=rows,
            changes=True,
            problem=_told(error),
        )
    return page(
        request,
        staff,
        "settings/preview.html",
        title=_TITLE,
        nav="settings",
        **place,
        **await _words(request, session, ()),
        seen=seen,
        note=note,
        SETTINGS=SETTINGS,
    )


@router.post("/settings", response_model=None)
async def change(request: Request, staff: Configurer, session: DbSession) -> Response:
    """Bring into force what the preview has shown."""
    form = await request.form()
    scope, scope_id = str(form.get("scope", "")), str(form.get("id", ""))
    try:
        changes = [
            _change(scope, scope_id, SETTINGS[name[4:]], str(text))
            for name, text in form.items()
            if name.startswith("set:") and name[4:] in SETTINGS
        ]
        await apply(session, staff, changes, str(form.get("note", "")), datetime.now(UTC))
    except ChangeError as error:
        raise refusal(error) from error
    await session.commit()
    request.app.state.jobs.wake("settings")
    return RedirectResponse(f"/console/settings?scope={scope}&id={scope_id}", 303)


@router.get("/settings/history")
async def history(request: Request, staff: Viewer, session: DbSession) -> HTMLResponse:
    found = await session.scalars(
        select(SettingRevision)
        .where(within(SettingRevision.region_code, staff, Permission.VIEW))
        .order_by(SettingRevision.revision.desc())
        .limit(100)
    )
    rows = [(revision, staff.may(Permission.CONFIGURE, revision.region_code)) for revision in found]
    places = {(change["scope"], change["scope_id"]) for revision, _ in rows for change in revision.changes}
    return page(
        request,
        staff,
        "settings/history.html",
        title=("配置历史", "History of settings"),
        nav="settings",
        rows=rows,
        **await _words(request, session, places),
        SETTINGS=SETTINGS,
    )


@router.post("/settings/history/{revision}/revert", response_model=None)
async def undo(
    revision: int,
    request: Request,
    staff: Configurer,
    session: DbSession,
    note: Annotated[str, Form()] = "",
) -> Response:
    try:
        await revert(session, staff, min(revision, 2**31 - 1), note, datetime.now(UTC))
    except ChangeError as error:
        raise refusal(error) from error
    await session.commit()
    request.app.state.jobs.wake("settings")
    return RedirectResponse("/console/settings/history", 303)


@router.get("/kiosks/{kiosk_id}/panels/settings")
async def panel(kiosk_id: str, request: Request, staff: Viewer, session: DbSession) -> HTMLResponse:
    kiosk = await visible_kiosk(session, staff, Permission.VIEW, kiosk_id)
    found = await effective(session, kiosk)
    pulse, state = await session.get(KioskPulse, kiosk_id), await session.get(KioskState, kiosk_id)
    return fragment(
        request,
        staff,
        "settings/panel.html",
        kiosk=kiosk,
        **await _words(request, session, _origins(found)),
        rows=[(SETTINGS[key], value) for key, value in found.items()],
        wanted=pulse.settings_wanted if pulse else 0,
        applied=state.settings if state else 0,
    )


async def _visible_region(session: DbSession, staff: Staff, scope: str, scope_id: str) -> str:
    """The region a place lies in. Raises HTTPException 404."""
    if scope == "site":
        return (await visible_site(session, staff, Permission.VIEW, scope_id)).region_code
    if scope == "kiosk":
        return (await visible_kiosk(session, staff, Permission.VIEW, scope_id)).region_code
    if scope != "region" or not is_code(scope_id):
        raise HTTPException(404, "no such place")
    in_region(staff, Permission.VIEW, scope_id)
    return scope_id


async def _place(session: DbSession, staff: Staff, scope: str, scope_id: str, region: str) -> dict[str, Any]:
    """The place with its path from above and what lies directly below."""
    names = {row.code: row for row in await session.scalars(select(Region).where(Region.code.in_(lineage(region))))}
    below: list[tuple[str, str, str, str]] = []
    if scope == "region":
        regions = await session.scalars(select(Region).where(Region.parent == scope_id).order_by(Region.code))
        below = [("region", row.code, row.name_zh, row.name_en) for row in regions]
        sites = await session.scalars(select(Site).where(Site.region_code == scope_id).order_by(Site.site_id))
        below += [("site", row.site_id, row.name_zh, row.name_en) for row in sites]
    elif scope == "site":
        kiosks = await session.scalars(select(Kiosk.kiosk_id).where(Kiosk.site_id == scope_id).limit(200))
        below = [("kiosk", name, name, name) for name in kiosks]
    site = None
    if scope == "kiosk":
        kiosk = await session.get_one(Kiosk, scope_id)
        site = await session.get(Site, kiosk.site_id)
    elif scope == "site":
        site = await session.get(Site, scope_id)
    path = [
        (code, names[code].name_zh if code in names else "全国", names[code].name_en if code in names else "All")
        for code in lineage(region)
        if (code in names or code == COUNTRY) and staff.may(Permission.VIEW, code)
    ]
    return {"scope": scope, "scope_id": scope_id, "path": path, "site": site, "below": below}


def _origins(found: dict[str, Effective]) -> set[tuple[str, str]]:
    return {(origin.scope, origin.scope_id) for value in found.values() for origin in value.chain}


async def _words(request: Request, session: DbSession, places: Collection[tuple[str, str]]) -> dict[str, Any]:
    """For templates: `names` of places in both languages, and `shown`, which writes a value for people."""
    language = language_of(request)
    names = {place: (place[1], place[1]) for place in places}
    regions = [scope_id for scope, scope_id in places if scope == "region"]
    sites = [scope_id for scope, scope_id in places if scope == "site"]
    for region in await session.scalars(select(Region).where(Region.code.in_(regions))):
        names["region", region.code] = (region.name_zh, region.name_en)
    for site in await session.scalars(select(Site).where(Site.site_id.in_(sites))):
        names["site", site.site_id] = (site.name_zh, site.name_en)
    if ("region", COUNTRY) in places:
        names["region", COUNTRY] = ("全国", "All")

    def shown(value: Value) -> str:
        if isinstance(value, bool):
            return ("是" if value else "否") if language == "zh" else ("Yes" if value else "No")
        return f"{value:g}" if isinstance(value, float) else str(value)

    return {"names": names, "shown": shown}


def _own(value: Effective, scope: str, scope_id: str) -> bool:
    """Whether the value is set at this very place."""
    return bool(value.chain) and (value.chain[-1].scope, value.chain[-1].scope_id) == (scope, scope_id)


def _read(form: dict[str, Any], found: dict[str, Effective], scope: str, scope_id: str) -> list[Change]:
    """The changes of the form: a field that was emptied, or its "inherit" ticked, says nothing here any more."""
    changes = []
    for key, value in found.items():
        if key not in form:
            continue
        text, own = str(form[key]), _own(value, scope, scope_id)
        if form.get(f"inherit:{key}") or (not text.strip() and SETTINGS[key].kind != "text"):
            if own:
                changes.append(Change(scope=_scope(scope), scope_id=scope_id, key=key, value=None))
            continue
        change = _change(scope, scope_id, SETTINGS[key], text)
        if change.value != value.value:
            changes.append(change)
    return changes


def _change(scope: str, scope_id: str, setting: Setting, text: str) -> Change:
    return Change(scope=_scope(scope), scope_id=scope_id, key=setting.key, value=_value(setting, text))


_FAULTS = (
    (r"must be from (\S+) to (\S+)", r"须在 \1 到 \2 之间"),
    (r"must have (\d+) to (\d+) characters", r"须为 \1 到 \2 个字"),
    (r"must be a time such as 08:30", "须为时间，如 08:30"),
    (r"must be a whole number", "须为整数"),
    (r"must be a number", "须为数字"),
    (r"must be true or false", "须为是或否"),
    (r"must have no line breaks or control characters", "不能有换行或控制字符"),
    (r"everything is set like that already", "与现在的设置相同，没有要改的。"),
    (r"nothing is to be changed", "没有要改的。"),
)


def _told(error: ChangeError) -> tuple[str, str]:
    """By the setting's name, not its key."""
    zh = next((re.sub(pattern, text, error.what) for pattern, text in _FAULTS if re.fullmatch(pattern, error.what)), "")
    if setting := SETTINGS.get(error.key):
        return f"“{setting.zh}”{zh or error.what}", f"{setting.en} {error.what}"
    return zh or str(error), str(error)


def _scope(scope: str) -> Any:
    if scope not in ("region", "site", "kiosk"):
        raise HTTPException(404, "no such place")
    return scope


def _value(setting: Setting, text: str) -> Value | None:
    """What was typed, as the setting's kind; `__inherit__` is None. Raises ChangeError."""
    text = text.strip()
    if text == "__inherit__":
        return None
    try:
        if setting.kind == "bool":
            return {"true": True, "false": False}[text]
        if setting.kind in ("int", "float"):
            return int(text) if setting.kind == "int" else float(text)
    except (KeyError, ValueError):
        fault = {"bool": "must be true or false", "int": "must be a whole number"}.get(setting.kind, "must be a number")
        raise ChangeError("invalid", fault, setting.key) from None
    return text
