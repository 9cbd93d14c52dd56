"""Where a device is reached, as far as it may be shown."""

from __future__ import annotations

from urllib.parse import urlsplit


def without_secrets(place: str) -> str:
    """A path as it is; of an address scheme, host, port and path: user, password and query may be secrets.

    An `@` behind the host may belong to a password that nobody escaped: of such an address only the scheme is shown.
    """
    scheme, separator, rest = place.partition("://")
    if not separator:
        return place
    parts = urlsplit(f"//{rest}")
    if "@" in rest.removeprefix(parts.netloc):
        return f"{scheme}://…"
    return f"{scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
