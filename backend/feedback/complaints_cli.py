"""`menkou complaints …`: what residents said, for whoever answers them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from backend.command_line import actor, in_database

app = typer.Typer(help="Complaints, and what could not be done.", no_args_is_help=True)

Ticket = Annotated[str, typer.Argument(help="The ticket's number.")]


@app.command()
def digest(
    day: Annotated[str | None, typer.Option(help="YYYY-MM-DD; today if left out.")] = None,
) -> None:
    """A day in numbers, what could not be done and why, and which tickets wait. Nobody's words."""
    from backend.feedback.complaints import digest as make
    from content.calendar import local_day

    try:
        wanted = date.fromisoformat(day) if day else local_day(datetime.now(UTC))
    except ValueError:
        raise typer.BadParameter("a day as YYYY-MM-DD") from None
    found = in_database(lambda session: make(session, wanted))
    print(f"{found.day}: " + (", ".join(f"{kind} {number}" for kind, number in found.kinds.items()) or "nothing"))
    for (subject, failure), number in found.failed.items():
        print(f"  could not be done: {subject or '?'}  {failure or '?'}  {number} ×")
    print(f"waiting {len(found.waiting)}, overdue {found.overdue}")
    for row in found.waiting:
        late = "  OVERDUE" if row.answer_by is not None and row.answer_by < found.day else ""
        until = row.answer_by or "no date"
        filed = row.department_no or ("not filed yet" if row.next_at else "here only")
        print(f"  {row.ticket_no}  {row.kind:14} {row.subject or '-':20} until {until}  {filed}{late}")


@app.command()
def read(ticket: Ticket) -> None:
    """One ticket with its words and phone. Reading it is written into the audit log."""
    from backend.feedback.complaint_models import ComplaintRow
    from backend.staff.audit import record

    async def deed(session: AsyncSession) -> ComplaintRow | None:
        row = await session.get(ComplaintRow, ticket)
        if row is not None:
            subject, at = f"complaint:{ticket}", datetime.now(UTC)
            await record(session, actor(), "complaint.read", subject, at, region_code=row.region_code)
        return row

    row = in_database(deed)
    if row is None:
        typer.echo("there is no such ticket", err=True)
        raise typer.Exit(1)
    print(f"{row.ticket_no}  {row.kind}  {row.subject}  {row.failure}  {row.received_at:%Y-%m-%d %H:%M} UTC")
    print(f"phone: {row.phone or 'anonymous'}")
    print(row.text or "(no words)")


@app.command()
def done(ticket: Ticket) -> None:
    """A ticket has been answered."""
    from backend.feedback.complaints import answered
    from backend.staff.audit import record

    async def deed(session: AsyncSession) -> bool:
        at = datetime.now(UTC)
        if not await answered(session, ticket, at):
            return False
        await record(session, actor(), "complaint.answered", f"complaint:{ticket}", at)
        return True

    if not in_database(deed):
        typer.echo("there is no such open ticket", err=True)
        raise typer.Exit(1)
    print(f"{ticket} is answered")
