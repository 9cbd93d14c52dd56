"""`menkou cases list | show`: where cases stand, without what they are about. For whoever runs the desk."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.cases.models import (
    CaseEvent,
    CaseHandover,
    CaseMaterialRow,
    CasePartRow,
    CaseState,
    HandoverState,
    ServiceCase,
)
from backend.cases.numbers import typed
from backend.command_line import in_database
from content.calendar import LOCAL

app = typer.Typer(
    help="Applications: where they stand. Names, numbers and forms are never shown.", no_args_is_help=True
)


@app.callback()
def _cases() -> None:
    """Applications and packages that terminals have opened."""


@app.command("list")
def list_cases(
    state: Annotated[CaseState | None, typer.Option(help="Only these.")] = None,
    service: Annotated[str, typer.Option(help="Only of this service.")] = "",
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what a department has not got yet.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
) -> None:
    """The newest cases, one a line."""
    cases = in_database(lambda session: _list(session, state, service, waiting, limit))
    for case in cases:
        due = case.promised_by.isoformat() if case.promised_by else "-"
        print(f"{case.case_no}  {_at(case.received_at)}  {case.state:<12}  due {due:<10}  {case.service_id}")
    if not cases:
        print("none")


@app.command()
def show(case_no: Annotated[str, typer.Argument(help="As it is printed on the slip.")]) -> None:
    """One case: what happened to it, its parts, and what its departments have said."""
    lines = in_database(lambda session: _show(session, typed(case_no)))
    if lines is None:
        print("there is no such case")
        raise typer.Exit(1)
    print("\n".join(lines))


async def _list(
    session: AsyncSession, state: CaseState | None, service: str, waiting: bool, limit: int
) -> list[ServiceCase]:
    wanted = select(ServiceCase).order_by(ServiceCase.received_at.desc(), ServiceCase.case_no.desc()).limit(limit)
    if state is not None:
        wanted = wanted.where(ServiceCase.state == state.value)
    if service:
        wanted = wanted.where(ServiceCase.service_id == service)
    if waiting:
        open_ = select(CaseHandover.case_no).where(CaseHandover.state == HandoverState.WAITING.value)
        wanted = wanted.where(ServiceCase.case_no.in_(open_))
    return list(await session.scalars(wanted))


async def _show(session: AsyncSession, case_no: str) -> list[str] | None:
    case = await session.get(ServiceCase, case_no)
    if case is None:
        return None
    due = case.promised_by.isoformat() if case.promised_by else "no date"
    lines = [
        f"{case.case_no}  {case.title_zh} ({case.service_id}, version {case.service_version})",
        f"  {case.state}, promised by {due}, delivery {case.delivery}, opened at {case.kiosk_id}",
    ]
    events = await session.scalars(select(CaseEvent).where(CaseEvent.case_no == case_no).order_by(CaseEvent.number))
    lines += [f"  {_at(event.at)}  {event.kind}{_said(event.department)}{_said(event.reason)}" for event in events]
    parts = await session.scalars(select(CasePartRow).where(CasePartRow.case_no == case_no).order_by(CasePartRow.place))
    lines += [f"  part {part.part_id}: {part.state} at {part.department}" for part in parts]
    materials = await session.scalars(
        select(CaseMaterialRow).where(CaseMaterialRow.case_no == case_no).order_by(CaseMaterialRow.place)
    )
    lines += [f"  material {one.material_id}: {one.how}{f', by {one.by}' if one.by else ''}" for one in materials]
    handovers = await session.scalars(
        select(CaseHandover).where(CaseHandover.case_no == case_no).order_by(CaseHandover.number)
    )
    for row in handovers:
        again = f", again at {_at(row.next_at)}" if row.state == HandoverState.WAITING else ""
        lines.append(
            f"  {row.operation}: {row.state} after {row.attempts} attempts{_said(row.department_no)}{_said(row.error)}"
            f"{again}"
        )
    return lines


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(LOCAL):%Y-%m-%d %H:%M:%S}"


def _said(word: str) -> str:
    return f", {word}" if word else ""
