"""The console's static files, and the choice of language: for everybody, signed in or not."""

from __future__ import annotations

import mimetypes
from functools import cache
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from backend.console.pages import LANGUAGE_COOKIE, STATIC

_FOR_EVER = "public, max-age=31536000, immutable"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

router = APIRouter()


@cache
def _file(name: str) -> tuple[bytes, str] | None:
    path = (STATIC / name).resolve()
    if not path.is_relative_to(STATIC) or not path.is_file() or path.name.startswith("."):
        return None
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return path.read_bytes(), kind


@cache
def _names() -> frozenset[str]:
    return frozenset(str(path.relative_to(STATIC)) for path in STATIC.rglob("*") if path.is_file())


async def static_file(request: Request) -> Response:
    """A file by its name; kept for ever by the browser if asked for by `pages.asset`'s address."""
    name = request.path_params["name"]
    found = _file(name) if name in _names() else None
    if found is None:
        return Response(status_code=404)
    content, kind = found
    kept = _FOR_EVER if request.query_params.get("v") else "no-cache"
    return Response(content, media_type=kind, headers={"Cache-Control": kept, "X-Content-Type-Options": "nosniff"})


async def choose_language(request: Request) -> Response:
    """Remember the language, and go back to where the reader was."""
    form = await request.form(max_files=0, max_fields=4)
    chosen = form.get("language")
    response = RedirectResponse(_back(request), 303)
    if chosen in ("zh", "en"):
        response.set_cookie(
            LANGUAGE_COOKIE,
            str(chosen),
            max_age=366 * 86_400,
            path="/console",
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
    return response


def _back(request: Request) -> str:
    """The page the form stood on, if it is one of ours; never another host."""
    came = urlsplit(request.headers.get("referer", ""))
    if came.netloc != request.headers.get("host") or not came.path.startswith("/console"):
        return "/console/"
    return came.path + (f"?{came.query}" if came.query else "")


router.add_route("/console/static/{name:path}", static_file, methods=["GET"], include_in_schema=False)
router.add_route("/console/language", choose_language, methods=["POST"], include_in_schema=False)
