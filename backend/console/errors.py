"""Refusals and failures in the console's look; a session that has ended leads to the sign-in page."""

from __future__ import annotations

import contextlib
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import Scope

from backend.console.pages import page
from backend.staff.roles import Staff
from backend.staff.safe_paths import sign_in_address

_TEXTS = {
    400: ("请求有误", "Bad request", "请检查填写的内容后重试。", "Check what you entered and try again."),
    403: ("没有权限", "Not allowed", "您的角色不能进行这项操作。", "Your roles do not allow this."),
    404: (
        "没有找到",
        "Not found",
        "这里没有您要的内容，或者它不在您的辖区内。",
        "There is nothing here, or it lies outside your regions.",
    ),
    405: ("不支持此操作", "Not possible here", "请返回上一页重试。", "Go back and try again."),
    409: ("状态已变化", "Changed meanwhile", "请刷新页面后重试。", "Reload the page and try again."),
    422: ("填写有误", "Not understood", "请检查填写的内容后重试。", "Check what you entered and try again."),
    500: (
        "系统出错",
        "Something broke",
        "错误已记录。请稍后重试。",
        "The fault has been recorded. Try again in a while.",
    ),
    503: ("系统繁忙", "Busy", "请稍后重试。", "Try again in a while."),
}


def is_console(path: str) -> bool:
    return path == "/console" or path.startswith("/console/")


async def refused(request: Request, error: HTTPException) -> Response:
    """The page for an HTTPException raised below /console."""
    if error.status_code == 401:
        return _sign_in(request)
    # StaffError and its like say in both languages what is wrong.
    zh, en = getattr(error, "zh", ""), getattr(error, "en", "")
    said = (zh, en) if zh and en else None
    return await error_page(request, error.status_code, said, getattr(error, "link", ""))


async def error_page(request: Request, status: int, say: tuple[str, str] | None = None, link: str = "") -> Response:
    staff = await _staff(request)
    zh, en, say_zh, say_en = _TEXTS.get(status, _TEXTS[500 if status >= 500 else 400])
    return page(
        request,
        staff,
        "errors/error.html",
        title=(zh, en),
        status=status,
        number=status,
        say=say or (say_zh, say_en),
        link=link,
    )


async def failure_page(scope: Scope) -> Response | None:
    """The page for a fault of ours, for `RequestLog`; None elsewhere than in the console."""
    return await error_page(Request(scope), 500) if is_console(scope["path"]) else None


def _sign_in(request: Request) -> Response:
    if request.headers.get("hx-request") == "true":
        # htmx would follow a redirect and put the sign-in page into the fragment's place.
        here = urlsplit(request.headers.get("hx-current-url", ""))
        return Response(status_code=204, headers={"HX-Redirect": sign_in_address(here.path, here.query)})
    if request.method not in ("GET", "HEAD"):
        return RedirectResponse("/console/sign-in", 303)
    return RedirectResponse(sign_in_address(request.url.path, request.url.query), 303)


async def _staff(request: Request) -> Staff | None:
    with contextlib.suppress(Exception):  # an error page must not fail over who reads it
        found: Staff | None = await request.app.state.gate.staff_of(request)
        return found
    return None
