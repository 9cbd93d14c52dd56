"""`menkou audit verify` and `menkou audit checkpoint`"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.settings import BackendSettings
from backend.staff.audit import Checkpoint

Result = TypeVar("Result")

app = typer.Typer(help="The audit log.", no_args_is_help=True)


@app.callback()
def _audit() -> None:
    """The audit log: who did what to what. Nothing deletes from it."""


@app.command()
def verify(
    start: Annotated[int, typer.Option("--from", min=1, help="Begin at this entry, believing the one before.")] = 1,
    against: Annotated[Path | None, typer.Option(help="A checkpoint's file: is the log's end still there?")] = None,
) -> None:
    """Read the audit log and check its chain; exit 1 at the first entry that does not fit, and where there is none."""
    from backend.staff.audit import verify_chain

    known = _read(against) if against is not None else None
    if known is not None and known.number and known.number < start:
        raise typer.BadParameter(f"the checkpoint is of entry {known.number}, before --from {start}")
    read, fault = asyncio.run(_asked(lambda session: verify_chain(session, start=start, against=known)))
    if fault is not None:
        print(f"entry {fault.number}: {fault.what} ({read} entries before it are in order)")
        raise typer.Exit(1)
    if not read and start == 1:
        where = make_url(BackendSettings().effective_database_url).render_as_string(hide_password=True)
        typer.echo(f"no entry at all in {where}: is this the desk's database?", err=True)
        raise typer.Exit(1)
    print(f"{read} entries, all in order")


@app.command()
def checkpoint() -> None:
    """Print the latest entry's number and hash. Keep it on another machine and hand it to `verify --against`."""
    from backend.staff.audit import checkpoint as latest

    found = asyncio.run(_asked(latest))
    print(json.dumps({"number": found.number, "hash": found.hash}))


def _read(path: Path) -> Checkpoint:
    try:
        given = json.loads(path.read_text("utf-8"))
        return Checkpoint(int(given["number"]), str(given["hash"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise typer.BadParameter(f"{path} is no checkpoint") from None


async def _asked(question: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    from backend.db.engine import make_engine, make_sessions

    engine = make_engine(BackendSettings().effective_database_url)
    try:
        async with make_sessions(engine)() as session:
            return await question(session)
    except DBAPIError as error:
        where = engine.url.render_as_string(hide_password=True)
        typer.echo(f"{where} cannot be read ({type(error.orig).__name__}): is this the desk's database?", err=True)
        raise typer.Exit(2) from None
    finally:
        await engine.dispose()
