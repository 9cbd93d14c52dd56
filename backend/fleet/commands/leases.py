"""The kiosks' side of commands: handing out under a lease, one terminal answer, the end of what nobody answered.

A command that was handed out is not handed out again before its lease ends, and others of the same kiosk do not wait
for it. A kiosk runs an id once, so handing out twice does no harm; after `expires_at` nothing runs any more.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.fleet_api import CommandAck, CommandKind, CommandOrder, CommandState, FleetProblem
from backend.db.engine import Sessions, writing
from backend.fleet.commands.models import Command
from backend.fleet.commands.service import OPEN, finish, lock_pulse, tell_pulse
from backend.fleet.identity import endings
from backend.fleet.models import Kiosk, KioskPulse

LEASE = timedelta(seconds=150)  # two heartbeats and some
AT_ONCE = 8  # commands of one reply
_MAX_RESULT = 16 * 1024  # bytes of JSON


class AckRefused(Exception):
    def __init__(self, code: FleetProblem, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


async def take(
    session: AsyncSession,
    kiosk_ids: Collection[str],
    at: datetime,
    *,
    again: bool = False,
    held: Mapping[str, str] | None = None,
) -> dict[str, list[CommandOrder]]:
    """Hand out what these kiosks have to do now; the caller commits before it answers. `again`: the reply before was
    lost, so what it carried is in this one too. `held`: with which certificate's serial each of them asks; looked at
    in the same statement, so that no command of a new enrolment goes to the holder of the old one."""
    mine = or_(
        Command.state == CommandState.WAITING.value,
        Command.state == CommandState.LEASED.value if again else Command.leased_until <= at,
    )
    rows = await session.execute(
        select(Command, KioskPulse.accepts, KioskPulse.serials)
        .join(Kiosk, Kiosk.kiosk_id == Command.kiosk_id)
        .join(KioskPulse, KioskPulse.kiosk_id == Command.kiosk_id)
        .where(
            Command.kiosk_id.in_(kiosk_ids),
            Command.state.in_(OPEN),
            mine,
            Command.expires_at > at,
            Command.epoch == Kiosk.epoch,
        )
        # What was never tried comes first: a command that hangs does not push the others out of the reply.
        .order_by(Command.leases, Command.urgent.desc(), Command.created_at, Command.command_id)
        .limit(max(1000, AT_ONCE * len(kiosk_ids)))
        .with_for_update(of=Command, skip_locked=True)
    )
    orders: dict[str, list[CommandOrder]] = defaultdict(list)
    for command, accepts, serials in rows:
        if held is not None and not (accepts and f"|{held[command.kiosk_id]}|" in serials):
            continue
        if len(orders[command.kiosk_id]) >= AT_ONCE:
            continue
        if not (again and command.leased_until is not None and command.leased_until > at):
            command.state, command.leased_until = CommandState.LEASED.value, at + LEASE
            command.leases += 1
        orders[command.kiosk_id].append(
            CommandOrder(
                command_id=command.command_id,
                kind=command.kind,
                arguments=command.arguments,
                expires_at=command.expires_at,
                epoch=command.epoch,
            )
        )
    await session.flush()
    return dict(orders)


async def ack(session: AsyncSession, kiosk_id: str, command_id: str, answer: CommandAck, at: datetime) -> None:
    """The kiosk's terminal answer; the caller commits, also after AckRefused (a late answer is kept)."""
    result = _clean(answer.result)
    if len(json.dumps(result)) > _MAX_RESULT:
        raise AckRefused(FleetProblem.INVALID, "the result is too large")
    code = answer.code.replace("\x00", "")
    kind = await session.scalar(
        select(Command.kind).where(Command.command_id == command_id, Command.kiosk_id == kiosk_id)
    )
    wiped = kind == CommandKind.WIPE and answer.state == CommandState.DONE
    if wiped:  # ends the identity, too: locked before the pulse, as wherever one ends
        await session.get(Kiosk, kiosk_id, with_for_update=True, populate_existing=True)
    await lock_pulse(session, kiosk_id)
    command = await session.get(Command, command_id, with_for_update=True, populate_existing=True)
    if command is None:
        raise AckRefused(FleetProblem.NOT_FOUND, "no such command")
    if command.kiosk_id != kiosk_id:
        raise AckRefused(FleetProblem.WRONG_KIOSK, "the command is another kiosk's")
    if command.state == CommandState.WAITING:
        raise AckRefused(FleetProblem.CONFLICT, "never handed out")
    if command.state == CommandState.LEASED and at >= command.expires_at:
        finish(session, command, CommandState.EXPIRED, at)
        await tell_pulse(session, kiosk_id)
    if command.state in (CommandState.EXPIRED, CommandState.CANCELLED):
        if command.late is None and command.leases > 0:
            command.late = {"state": answer.state, "code": code, "result": result, "at": at.isoformat()}
            await session.flush()
            if wiped:  # too late for the command; the kiosk is empty all the same
                await endings.wiped(session, kiosk_id, command.epoch, at, command=command_id)
        raise AckRefused(FleetProblem.CONFLICT, f"the command is {command.state}")
    if command.state == CommandState.LEASED:
        finish(session, command, CommandState(answer.state), at, code=code, result=result)
        await tell_pulse(session, kiosk_id)
        if wiped:
            await endings.wiped(session, kiosk_id, command.epoch, at, command=command_id)
    elif (command.state, command.code, command.result) != (answer.state, code, result):
        raise AckRefused(FleetProblem.CONFLICT, f"the command is {command.state}")


async def sweep(sessions: Sessions, at: datetime) -> None:
    """The job "commands": end what has expired, and keep the pulses' flags true to the commands."""
    while await _expire_some(sessions, at):
        pass
    while await _correct_flags(sessions):
        pass


async def _expire_some(sessions: Sessions, at: datetime, limit: int = 500) -> bool:
    async with writing(sessions) as session:
        commands = (
            await session.scalars(
                select(Command)
                .where(Command.state.in_(OPEN), Command.expires_at <= at)
                .order_by(Command.expires_at)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
        ).all()
        for command in commands:
            finish(session, command, CommandState.EXPIRED, at)
        await session.commit()
    return len(commands) == limit


async def _correct_flags(sessions: Sessions, limit: int = 500) -> bool:
    """Of batches, of what has expired. Rows somebody else holds are left for the next round: a heartbeat is never
    waited for, so nothing can wait in a circle."""
    is_open = (
        select(Command.command_id).where(Command.kiosk_id == KioskPulse.kiosk_id, Command.state.in_(OPEN)).exists()
    )
    async with writing(sessions) as session:
        locked = (
            await session.scalars(
                select(KioskPulse.kiosk_id)
                .where(
                    or_(
                        and_(KioskPulse.commands_waiting, ~is_open),
                        # Not the other way round: most pulses have no flag and few kiosks have a command.
                        and_(
                            KioskPulse.commands_waiting.is_(False),
                            KioskPulse.kiosk_id.in_(select(Command.kiosk_id).where(Command.state.in_(OPEN))),
                        ),
                    )
                )
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
        ).all()
        if locked:
            await session.execute(
                update(KioskPulse)
                .where(KioskPulse.kiosk_id.in_(locked))
                .values(commands_waiting=select(is_open).correlate(KioskPulse).scalar_subquery())
            )
        await session.commit()
    return len(locked) == limit


def _clean(value: Any) -> Any:
    """Without NUL characters, which PostgreSQL refuses in text."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
