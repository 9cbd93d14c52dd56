"""Giving commands: to one kiosk, to many, and taking them back. The kiosks' side is `leases`.

Locks are taken in one order everywhere, the kiosk's pulse first and its commands after, so that nobody waits in a
circle. `KioskPulse.commands_waiting` says "there is an open command": the heartbeat reads it for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.fleet_api import CommandKind, CommandState, IdentityState
from backend.fleet.commands.kinds import (
    LONGEST,
    STANDS_FOR,
    URGENT_FOR,
    CommandError,
    checked_arguments,
    permission_of,
)
from backend.fleet.commands.models import Command
from backend.fleet.events import EventKind, Severity, event
from backend.fleet.models import Kiosk, KioskPulse, KioskState
from backend.regions.division import span_of
from backend.staff import approvals, audit
from backend.staff.access import within
from backend.staff.approvals import Approval
from backend.staff.roles import Staff

OPEN = (CommandState.WAITING.value, CommandState.LEASED.value)
MOST_OPEN = 50  # of one kiosk: whoever clicks more often has not understood


async def create(
    session: AsyncSession,
    staff: Staff,
    kiosk: Kiosk,
    kind: CommandKind,
    arguments: Mapping[str, Any],
    *,
    urgent: bool = False,
    at: datetime,
    stands_for: timedelta | None = None,
) -> Command:
    """Give a kiosk a command; the caller commits. Whether this person may is the caller's to have asked, except for
    WIPE, which only `request_wipe` gives. Raises CommandError."""
    if kind is CommandKind.WIPE:
        raise CommandError("four-eyes", "a wipe is asked for and agreed to by two people")
    return await _give(session, staff.staff_id, kiosk, kind, arguments, urgent, at, stands_for)


async def _give(
    session: AsyncSession,
    actor: str,
    kiosk: Kiosk,
    kind: CommandKind,
    arguments: Mapping[str, Any],
    urgent: bool,
    at: datetime,
    stands_for: timedelta | None = None,
) -> Command:
    checked = checked_arguments(kind, arguments)
    if kiosk.identity != IdentityState.ENROLLED:
        raise CommandError("not-enrolled", f"the kiosk is {kiosk.identity}")
    await lock_pulse(session, kiosk.kiosk_id)
    waiting = await session.scalar(
        select(func.count()).where(Command.kiosk_id == kiosk.kiosk_id, Command.state.in_(OPEN))
    )
    if (waiting or 0) >= MOST_OPEN and kind is not CommandKind.WIPE:
        raise CommandError("too-many", f"{MOST_OPEN} commands are open already")
    command = Command(
        command_id=uuid4().hex,
        batch_id="",
        kiosk_id=kiosk.kiosk_id,
        region_code=kiosk.region_code,
        epoch=kiosk.epoch,
        kind=kind.value,
        arguments=checked,
        urgent=urgent,
        state=CommandState.WAITING.value,
        created_at=at,
        created_by=actor,
        expires_at=at + _stands(stands_for, urgent),
        leases=0,
        code="",
        result={},
    )
    session.add(command)
    await session.execute(update(KioskPulse).where(KioskPulse.kiosk_id == kiosk.kiosk_id).values(commands_waiting=True))
    session.add(
        event(
            kiosk.kiosk_id,
            kiosk.region_code,
            EventKind.COMMAND,
            at,
            command=command.command_id,
            what=kind.value,
            state=command.state,
            by=actor,
        )
    )
    await audit.record(
        session,
        actor,
        f"command.{kind.value}",
        f"kiosk:{kiosk.kiosk_id}",
        at,
        region_code=kiosk.region_code,
        detail={"command": command.command_id, "urgent": urgent, "arguments": checked},
    )
    return command


async def create_for_region(
    session: AsyncSession,
    staff: Staff,
    region_code: str,
    kind: CommandKind,
    arguments: Mapping[str, Any],
    *,
    health: Sequence[str] = (),
    kiosk_ids: Sequence[str] = (),
    urgent: bool = False,
    at: datetime,
    stands_for: timedelta | None = None,
) -> tuple[str, int]:
    """Give the same command to every enrolled kiosk of a region (of these healths; of these names), as far as the
    person may. Returns the batch and the number of kiosks; the caller commits, then wakes the job "commands", which
    tells the heartbeat. Raises CommandError."""
    if kind is CommandKind.WIPE:
        raise CommandError("four-eyes", "kiosks are wiped one by one")
    checked = checked_arguments(kind, arguments)
    batch = uuid4().hex
    span = span_of(region_code)
    wanted: list[ColumnElement[bool]] = [
        Kiosk.identity == IdentityState.ENROLLED.value,
        Kiosk.region_code.between(span.low, span.high),
        within(Kiosk.region_code, staff, permission_of(kind)),
    ]
    if health:
        wanted.append(KioskState.health.in_(health))
    if kiosk_ids:
        wanted.append(Kiosk.kiosk_id.in_(kiosk_ids))
    given = select(
        (batch + literal(".") + Kiosk.kiosk_id).label("command_id"),
        literal(batch).label("batch_id"),
        Kiosk.kiosk_id,
        Kiosk.region_code,
        Kiosk.epoch,
        literal(kind.value).label("kind"),
        literal(checked, Command.arguments.type).label("arguments"),
        literal(urgent).label("urgent"),
        literal(CommandState.WAITING.value).label("state"),
        literal(at, Command.created_at.type).label("created_at"),
        literal(staff.staff_id).label("created_by"),
        literal(at + _stands(stands_for, urgent), Command.expires_at.type).label("expires_at"),
        literal(0).label("leases"),
        literal("").label("code"),
        literal({}, Command.result.type).label("result"),
    ).join(KioskState, KioskState.kiosk_id == Kiosk.kiosk_id)
    given = given.where(*wanted)
    await session.execute(insert(Command).from_select([str(column.key) for column in given.selected_columns], given))
    count = await session.scalar(select(func.count()).where(Command.batch_id == batch)) or 0
    await audit.record(
        session,
        staff.staff_id,
        f"command.{kind.value}",
        f"region:{region_code}",
        at,
        region_code=region_code,
        detail={"batch": batch, "kiosks": count, "arguments": checked, "urgent": urgent, "health": list(health)},
    )
    return batch, count


async def cancel(session: AsyncSession, staff: Staff, command: Command, at: datetime) -> bool:
    """Take a command back; the caller commits. False if it was handed out already: it may run all the same, and its
    answer is kept as a late one. Raises CommandError if it is finished."""
    await lock_pulse(session, command.kiosk_id)
    await session.refresh(command, with_for_update=True)
    if CommandState(command.state).final:
        raise CommandError("finished", f"the command is {command.state}")
    handed_out = command.leases > 0
    finish(session, command, CommandState.CANCELLED, at, code="by-staff")
    await tell_pulse(session, command.kiosk_id)
    await audit.record(
        session,
        staff.staff_id,
        "command.cancel",
        f"kiosk:{command.kiosk_id}",
        at,
        region_code=command.region_code,
        detail={"command": command.command_id, "kind": command.kind, "handed_out": handed_out},
    )
    return not handed_out


async def recent(session: AsyncSession, kiosk_id: str, limit: int = 50) -> Sequence[Command]:
    """The newest first."""
    return (
        await session.scalars(
            select(Command)
            .where(Command.kiosk_id == kiosk_id)
            .order_by(Command.created_at.desc(), Command.command_id)
            .limit(limit)
        )
    ).all()


async def void_epoch(session: AsyncSession, kiosk_id: str, epoch: int, at: datetime) -> int:
    """Whatever was meant for this epoch of a kiosk's identity, or an older one, is never done. The caller commits.
    Returns how many commands were open."""
    await lock_pulse(session, kiosk_id)
    commands = (
        await session.scalars(
            select(Command)
            .where(Command.kiosk_id == kiosk_id, Command.epoch <= epoch, Command.state.in_(OPEN))
            .order_by(Command.command_id)
            .with_for_update()
        )
    ).all()
    for command in commands:
        finish(session, command, CommandState.CANCELLED, at, code="re-enrolled")
    await tell_pulse(session, kiosk_id)
    return len(commands)


async def request_wipe(session: AsyncSession, staff: Staff, kiosk: Kiosk, reason: str, at: datetime) -> Approval:
    """Ask for a second pair of eyes; the caller commits and has asked whether this person may."""
    return await approvals.request(
        session,
        staff,
        "kiosk.wipe",
        f"kiosk:{kiosk.kiosk_id}",
        kiosk.region_code,
        {"kiosk_id": kiosk.kiosk_id, "epoch": kiosk.epoch},
        reason,
        at,
    )


async def _carry_out_wipe(session: AsyncSession, approval: Approval) -> None:
    # Locked, so that it is not enrolled anew between this look and the command.
    kiosk = await session.get(Kiosk, approval.arguments["kiosk_id"], with_for_update=True, populate_existing=True)
    at = approval.decided_at
    if kiosk is None or at is None:
        raise approvals.ApprovalError("gone", "the kiosk is not there any more")
    if kiosk.epoch != approval.arguments.get("epoch"):
        # Stolen, asked for, replaced: the machine that stands there now is not meant.
        raise approvals.ApprovalError("gone", "the kiosk was enrolled anew since; ask again if it is still meant")
    try:
        await _give(session, approval.requested_by, kiosk, CommandKind.WIPE, {}, True, at, STANDS_FOR)
    except CommandError as error:
        raise approvals.ApprovalError(error.code, str(error)) from None


approvals.register("kiosk.wipe", _carry_out_wipe)


# Shared with the kiosks' side


def finish(
    session: AsyncSession,
    command: Command,
    state: CommandState,
    at: datetime,
    *,
    code: str = "",
    result: Mapping[str, Any] | None = None,
) -> None:
    """The end of an open command, and its entry in the kiosk's history."""
    command.state, command.finished_at, command.code = state.value, at, code
    command.result = dict(result or {})
    command.leased_until = None
    session.add(
        event(
            command.kiosk_id,
            command.region_code,
            EventKind.COMMAND,
            at,
            Severity.INFO if state is CommandState.DONE else Severity.WARNING,
            command=command.command_id,
            what=command.kind,
            state=state.value,
            code=code,
        )
    )


async def lock_pulse(session: AsyncSession, kiosk_id: str) -> None:
    await session.execute(select(KioskPulse.kiosk_id).where(KioskPulse.kiosk_id == kiosk_id).with_for_update())


async def tell_pulse(session: AsyncSession, kiosk_id: str) -> None:
    """Does the heartbeat have to look for commands? The pulse must be locked: a command given meanwhile is seen."""
    await session.flush()
    is_open = select(Command.command_id).where(Command.kiosk_id == kiosk_id, Command.state.in_(OPEN)).exists()
    await session.execute(
        update(KioskPulse)
        .where(KioskPulse.kiosk_id == kiosk_id)
        .values(commands_waiting=select(is_open).scalar_subquery())
    )


def _stands(stands_for: timedelta | None, urgent: bool) -> timedelta:
    wanted = stands_for or (URGENT_FOR if urgent else STANDS_FOR)
    return max(timedelta(seconds=30), min(wanted, LONGEST))
