"""The list of kiosks, and commands to many of them."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from backend.console.exports import csv_response
from backend.console.kiosk import NO_REASON
from backend.console.overview import region_or_home
from backend.console.pages import fragment, language_of, page
from backend.contract.fleet_api import CommandKind
from backend.deps import CurrentSessions, DbSession
from backend.fleet import words
from backend.fleet.commands import service as commands
from backend.fleet.commands.kinds import CommandError
from backend.fleet.health import Health
from backend.fleet.listing import COLUMNS, EXPIRING, PAGE, USUAL, Choices, KioskFilter, choices, ids_query, listing
from backend.fleet.listing_export import lines_of
from backend.fleet.models import KioskState
from backend.fleet.queries import breadcrumb
from backend.regions.division import COUNTRY
from backend.staff.access import needs
from backend.staff.roles import Permission, Staff

router = APIRouter()

MOST_AT_ONCE = 5000  # kiosks of one bulk command: above that somebody has forgotten the filter
BULK = (
    CommandKind.RESTART,
    CommandKind.SELF_TEST,
    CommandKind.OUT_OF_SERVICE,
    CommandKind.INTO_SERVICE,
    CommandKind.LOG_BUNDLE,
    CommandKind.RESYNC,
)
_CHOICES_FOR_S = 60.0
# Not enrolled: they take no command
_NEVER = (Health.PLANNED.value, Health.QUARANTINED.value, Health.REVOKED.value, Health.RETIRED.value)

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Operator = Annotated[Staff, needs(Permission.OPERATE)]


@router.get("/console/kiosks", response_class=HTMLResponse, include_in_schema=False)
async def show_kiosks(request: Request, staff: Viewer, session: DbSession) -> HTMLResponse:
    """A page of the list; only the list itself if htmx asks for it."""
    wanted = KioskFilter.of(request.query_params)
    # The columns are ticked one by one where there is no JavaScript.
    if ticked := request.query_params.getlist("column"):
        wanted = replace(wanted, columns=",".join(name for name in COLUMNS if name in ticked))
    if wanted.region:
        region_or_home(staff, wanted.region)
    now = datetime.now(UTC)
    context: dict[str, Any] = {
        "wanted": wanted,
        "found": await listing(session, staff, wanted, now),
        "page_size": PAGE,
        "bulk": BULK if staff.may_anywhere(Permission.OPERATE) else (),
        "most": MOST_AT_ONCE,
        "now": now,
    }
    if request.headers.get("hx-target") == "list":
        return fragment(request, staff, "kiosks/list.html", **context)
    return page(
        request,
        staff,
        "kiosks/kiosks.html",
        title=("终端", "Kiosks"),
        nav="kiosks",
        choices=await _choices(request, session, staff),
        columns=COLUMNS,
        usual=USUAL,
        expiring=EXPIRING,
        steps=await breadcrumb(session, staff, wanted.region) if wanted.region else [],
        **context,
    )


@router.get("/console/kiosks.csv", include_in_schema=False)
async def export_kiosks(request: Request, staff: Viewer, sessions: CurrentSessions) -> Response:
    """All kiosks that fit, as CSV, streamed."""
    wanted = KioskFilter.of(request.query_params)
    if wanted.region:
        region_or_home(staff, wanted.region)
    return csv_response("kiosks", lines_of(sessions, staff, wanted, language_of(request)))


@router.post("/console/kiosks/bulk", response_class=HTMLResponse, include_in_schema=False)
async def command_many(
    request: Request,
    staff: Operator,
    session: DbSession,
    kind: Annotated[str, Form(max_length=20)],
    query: Annotated[str, Form(max_length=2000)] = "",
    agreed: Annotated[str, Form(max_length=10)] = "",
    reason_zh: Annotated[str, Form(max_length=120)] = "",
    reason_en: Annotated[str, Form(max_length=120)] = "",
) -> Response:
    """First shows how many it would be; with `agreed` = that number the commands are given. If the number has
    changed meanwhile it asks again."""
    if kind not in BULK:
        raise HTTPException(422, "no such command")
    chosen = CommandKind(kind)
    wanted = KioskFilter.of(dict(parse_qsl(query)))
    now = datetime.now(UTC)
    operable = _where_may_operate(staff)
    aimed = ids_query(operable, wanted, now).where(KioskState.health.not_in(_NEVER))
    ids = list(await session.scalars(aimed.limit(MOST_AT_ONCE + 1)))
    reached = len(ids)
    problem: tuple[str, str] | None = None
    if reached > MOST_AT_ONCE:
        problem = (
            f"一次最多 {MOST_AT_ONCE:,} 台，请先缩小范围。",
            f"At most {MOST_AT_ONCE:,} kiosks at once: narrow the list first.",
        )
    elif agreed and chosen is CommandKind.OUT_OF_SERVICE and not reason_zh.strip():
        problem = NO_REASON
    elif agreed == str(reached) and reached:
        arguments = {"reason_zh": reason_zh, "reason_en": reason_en} if chosen is CommandKind.OUT_OF_SERVICE else {}
        region = wanted.region or (staff.home if len(staff.grants) == 1 else COUNTRY)
        try:
            _, given = await commands.create_for_region(
                session, staff, region, chosen, arguments, kiosk_ids=ids, at=now
            )
        except CommandError as error:
            problem = (str(error), str(error))
        else:
            await session.commit()
            request.app.state.jobs.wake("commands")
            return RedirectResponse(f"/console/kiosks?{wanted.query()}&given={given}", 303)
    return page(
        request,
        staff,
        "kiosks/bulk.html",
        title=("批量命令", "Command to many"),
        nav="kiosks",
        kind=chosen,
        name=words.named(words.COMMANDS, kind),
        wanted=wanted,
        reached=reached,
        changed=bool(agreed) and problem is None,
        problem=problem,
        reason_zh=reason_zh,
        reason_en=reason_en,
    )


def _where_may_operate(staff: Staff) -> Staff:
    """The same person, seeing only the regions where they may give commands."""
    spans = staff.spans(Permission.OPERATE)
    return replace(
        staff, grants=tuple(grant for grant in staff.grants if any(grant.region_code in span for span in spans))
    )


async def _choices(request: Request, session: AsyncSession, staff: Staff) -> Choices:
    """Kept for a minute, for everybody who sees the same regions: finding them reads whole tables."""
    state, now = request.app.state, time.monotonic()
    kept: dict[Any, tuple[float, Choices]] = getattr(state, "kiosk_choices", {})
    spans = tuple(staff.spans(Permission.VIEW))
    found = kept.get(spans)
    if found is None or found[0] < now:
        found = (now + _CHOICES_FOR_S, await choices(session, staff))
        state.kiosk_choices = {key: entry for key, entry in kept.items() if entry[0] >= now} | {spans: found}
    return found[1]
