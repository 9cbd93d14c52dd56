"""Rendering of the console's pages: language, navigation, security headers.

A page of any package:

    return page(request, staff, "alerts/list.html", title=("告警", "Alerts"), nav="alerts", rows=rows)

In a template every text stands in both languages at its place, `{{ t("告警", "Alerts") }}`; times are shown by
`{{ moment | local }}` (Asia/Shanghai), codes are named by `{{ tp(words.trouble(code)) }}`, and
`{{ staff.may_anywhere("work") }}` hides what would be refused.

A request of htmx (header `HX-Request`) for a fragment calls `fragment(...)`: the same without the frame.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from backend.fleet import words
from backend.staff.roles import Staff

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
LANGUAGE_COOKIE = "menkou_language"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

_SHANGHAI = ZoneInfo("Asia/Shanghai")

# (key, permission or "", path, Chinese, English): the console's own order
NAVIGATION: tuple[tuple[str, str, str, str, str], ...] = (
    ("overview", "view", "/console/", "总览", "Overview"),
    ("kiosks", "view", "/console/kiosks", "终端", "Kiosks"),
    ("alerts", "view", "/console/alerts", "告警", "Alerts"),
    ("work", "view", "/console/work", "工单", "Work orders"),
    ("editor", "view", "/console/editor", "事项", "Services"),
    ("rollouts", "view", "/console/rollouts", "发布", "Rollouts"),
    ("settings", "view", "/console/settings", "配置", "Settings"),
    ("reports", "view", "/console/reports", "报表", "Reports"),
    ("approvals", "view", "/console/approvals", "审批", "Approvals"),
    ("staff", "staff", "/console/staff", "人员", "Staff"),
    ("audit", "audit", "/console/audit", "审计", "Audit"),
)


def language_of(request: Request) -> str:
    """ "zh" or "en": what was chosen, else what the browser asks for, else Chinese."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in ("zh", "en"):
        return chosen
    wanted = request.headers.get("accept-language", "").lower()
    return "en" if wanted.startswith("en") else "zh"


def page(
    request: Request,
    staff: Staff | None,
    template: str,
    *,
    title: tuple[str, str],
    nav: str = "",
    status: int = 200,
    **context: Any,
) -> HTMLResponse:
    """A whole page in the reader's language."""
    return fragment(request, staff, template, status=status, title=title, nav=nav, **context)


def fragment(
    request: Request, staff: Staff | None, template: str, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """A part of a page, for htmx to put in its place."""
    language = language_of(request)
    text = (
        _environment()
        .get_template(template)
        .render(
            request=request,
            staff=staff,
            language=language,
            t=_chooser(language),
            tp=_pair_chooser(language),
            asset=asset,
            navigation=NAVIGATION,
            **context,
        )
    )
    return HTMLResponse(text, status, headers=HEADERS)


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it for ever."""
    digest = sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/console/static/{name}?v={digest}"


def local(moment: datetime | None, pattern: str = "%Y-%m-%d %H:%M") -> str:
    """In China's time; "–" for never."""
    return "–" if moment is None else moment.astimezone(_SHANGHAI).strftime(pattern)


def _chooser(language: str) -> Callable[[str, str], str]:
    return (lambda zh, en: en) if language == "en" else (lambda zh, en: zh)


def _pair_chooser(language: str) -> Callable[[tuple[str, str]], str]:
    return (lambda pair: pair[1]) if language == "en" else (lambda pair: pair[0])


def grouped(number: int) -> str:
    """57705 -> "57,705"."""
    return f"{number:,}"


def percent(share: float, digits: int = 1) -> str:
    """0.0123 -> "1.2%". Never "100.0%" for less than all, nor "0.0%" for more than nothing."""
    shown = round(share * 100, digits)
    if shown >= 100 and share < 1:
        shown = 100 - 10**-digits
    if shown <= 0 and share > 0:
        return f"<{10**-digits:.{digits}f}%"
    return f"{shown:.{digits}f}%"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["local"] = local
    environment.filters["grouped"] = grouped
    environment.filters["percent"] = percent
    environment.globals["words"] = words
    return environment
