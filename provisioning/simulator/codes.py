"""Enrolment codes in bulk, made beside the desk's database: a new fleet, or one that is simulated."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import insert, select, update

from backend.contract.enrolment import Ticket, code_sha256, lookup_of_sha256, new_code
from backend.contract.fleet_api import IdentityState
from backend.db.engine import make_engine, make_sessions, writing
from backend.fleet.identity.authority import open_authority
from backend.fleet.identity.models import EnrolmentCode
from backend.fleet.models import Kiosk
from backend.fleet.settings import FleetSettings
from backend.settings import BackendSettings
from backend.staff import audit

_AT_ONCE = 1000
T = TypeVar("T")


async def make_codes(backend: BackendSettings, fleet: FleetSettings, count: int) -> list[Ticket]:
    """For so many kiosks that were entered and not enrolled; a code they had before is void."""
    authority = open_authority(fleet, backend)
    now = datetime.now(UTC)
    expires_at = now + timedelta(minutes=fleet.code_minutes)
    engine = make_engine(backend.effective_database_url)
    try:
        async with writing(make_sessions(engine)) as session:
            planned = select(Kiosk.kiosk_id).where(Kiosk.identity == IdentityState.PLANNED.value)
            kiosk_ids = (await session.scalars(planned.order_by(Kiosk.kiosk_id).limit(count))).all()
            tickets = [
                Ticket(fleet.effective_kiosk_url, kiosk_id, new_code(), expires_at, authority.pin)
                for kiosk_id in kiosk_ids
            ]
            for some in _portions(tickets):
                names = [ticket.kiosk_id for ticket in some]
                still_open = (EnrolmentCode.used_at.is_(None), EnrolmentCode.voided_at.is_(None))
                await session.execute(
                    update(EnrolmentCode).where(EnrolmentCode.kiosk_id.in_(names), *still_open).values(voided_at=now)
                )
                await session.execute(insert(EnrolmentCode), [_row(ticket, now) for ticket in some])
            detail = {"kiosks": len(tickets)}
            await audit.record(session, _operator(), "kiosk.codes", "fleet", now, detail=detail)
            await session.commit()
        return tickets
    finally:
        await engine.dispose()


def write_tickets(tickets: Sequence[Ticket], file: Path) -> None:
    """One a line, readable by us alone: whoever has it is let in."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        os.fchmod(handle, 0o600)
        out.writelines(f"{ticket.as_uri()}\n" for ticket in tickets)


def _row(ticket: Ticket, now: datetime) -> dict[str, object]:
    sha256 = code_sha256(ticket.code)
    return {
        "code_sha256": sha256,
        "lookup": lookup_of_sha256(sha256),
        "kiosk_id": ticket.kiosk_id,
        "made_by": _operator(),
        "made_at": now,
        "expires_at": ticket.expires_at,
    }


def _portions(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for at in range(0, len(items), _AT_ONCE):
        yield items[at : at + _AT_ONCE]


def _operator() -> str:
    return f"command-line:{getpass.getuser()}"
