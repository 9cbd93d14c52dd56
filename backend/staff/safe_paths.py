"""Where to go after signing in: a page of ours, never another site."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

HOME = "/console/"


def safe_path(wanted: str) -> str:
    """`wanted` if it is a path below /console, else the first page."""
    if len(wanted) > 400 or "\\" in wanted or any(ord(c) < 33 or ord(c) == 127 for c in wanted):
        return HOME
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return HOME
    inside = parts.path == "/console" or parts.path.startswith("/console/")
    if parts.scheme or parts.netloc or not inside or wanted.startswith("//") or "/../" in parts.path + "/":
        return HOME
    if parts.path.startswith(("/console/sign-", "/console/language")):
        return HOME
    return wanted


def sign_in_address(path: str, query: str) -> str:
    """The sign-in page, to come back here."""
    back = safe_path(f"{path}?{query}" if query else path)
    return "/console/sign-in" if back == HOME else f"/console/sign-in?next={quote(back, safe='/')}"
