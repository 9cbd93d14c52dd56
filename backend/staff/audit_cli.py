"""`menkou audit verify`"""

from __future__ import annotations

import asyncio

import typer

from backend.settings import BackendSettings
from backend.staff.audit import ChainFault

app = typer.Typer(help="The audit log.", no_args_is_help=True)


@app.callback()
def _audit() -> None:
    """The audit log: who did what to what."""


@app.command()
def verify() -> None:
    """Read the whole audit log and check its chain; exit 1 at the first entry that does not fit."""
    read, fault = asyncio.run(_verify(BackendSettings()))
    if fault is not None:
        print(f"entry {fault.number}: {fault.what} ({read} entries before it are in order)")
        raise typer.Exit(1)
    print(f"{read} entries, all in order")


async def _verify(settings: BackendSettings) -> tuple[int, ChainFault | None]:
    from backend.db.engine import make_engine, make_sessions
    from backend.staff.audit import verify_chain

    engine = make_engine(settings.effective_database_url)
    try:
        async with make_sessions(engine)() as session:
            return await verify_chain(session)
    finally:
        await engine.dispose()
