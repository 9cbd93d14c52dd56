"""pg_dump and pg_restore: found, and given our database without its password on the command line."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

from sqlalchemy.engine import URL

from backend.db.postgres import hosts_of


class ToolError(Exception):
    """A program of PostgreSQL is missing or has failed; the text is its own last words (they name no values)."""


async def run_tool(name: str, arguments: list[str], url: URL) -> None:
    """Raises ToolError."""
    program = _find(name)
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", **connection_environment(url)}
    process = await asyncio.create_subprocess_exec(
        str(program),
        *arguments,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        # Only lines of the program itself: the server's DETAIL and CONTEXT may quote a row.
        lines = [line for line in said.decode(errors="replace").splitlines() if line.startswith(name)]
        raise ToolError(f"{name} ended with {process.returncode}: {' / '.join(lines[-3:])}")


def connection_environment(url: URL) -> dict[str, str]:
    """What libpq's programs take instead of arguments."""
    hosts = hosts_of(url)
    values = {
        "PGHOST": ",".join(host or "" for host, _ in hosts),
        "PGPORT": ",".join(str(port or "") for _, port in hosts),
        "PGUSER": url.username or "",
        "PGPASSWORD": url.password or "",
        "PGDATABASE": url.database or "",
        "PGTARGETSESSIONATTRS": "read-write" if len(hosts) > 1 else "",
        "PGAPPNAME": "menkou-backup",
    }
    return {key: value for key, value in values.items() if value.strip(",")}


def _find(name: str) -> Path:
    """The newest of the machine: an older pg_dump refuses a newer server."""
    installed = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(installed, key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0, default=None)
    found = newest or (Path(which) if (which := shutil.which(name)) else None)
    if found is None:
        raise ToolError(f"{name} is not installed (Debian: postgresql-client)")
    return found
