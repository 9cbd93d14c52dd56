"""`menkou queue …`: the hall's side of the tickets, where no calling system is there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from backend.command_line import actor, in_database

app = typer.Typer(help="The queue of a hall.", no_args_is_help=True)

Site = Annotated[str, typer.Argument(help="The site's number, or its name where kiosks have no site.")]


@app.command("next")
def call(
    site: Site,
    window: Annotated[str, typer.Option(help="Where the number is called to.")] = "1",
    letter: Annotated[list[str] | None, typer.Option(help="Only this window group; may be repeated.")] = None,
) -> None:
    """Call the next number."""
    from backend.queueing.service import call_next
    from backend.staff.audit import record

    async def deed(session: AsyncSession) -> str | None:
        at = datetime.now(UTC)
        ticket = await call_next(session, site, window, letter or [], at)
        if ticket is not None:
            detail = {"window": window, "number": ticket.label}
            await record(
                session, actor(), "queue.next", f"site:{site}"[:120], at, region_code=ticket.region_code, detail=detail
            )
        return ticket.label if ticket else None

    number = in_database(deed)
    print(f"{number} → {window}" if number else "nobody is waiting")


@app.command()
def show(site: Site) -> None:
    """How many wait, by window group."""
    from backend.queueing.service import waiting

    found = in_database(lambda session: waiting(session, site, datetime.now(UTC)))
    for letter, number in found.items():
        print(f"{letter:3} {number:4}")
    if not found:
        print("nobody is waiting")
