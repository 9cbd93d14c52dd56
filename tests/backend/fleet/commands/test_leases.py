"""A command's life: waiting, handed out, answered once, or over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.contract.fleet_api import CommandAck, CommandKind, CommandState, FleetProblem
from backend.db.engine import Sessions, writing
from backend.fleet.commands import service
from backend.fleet.commands.kinds import CommandError, checked_arguments
from backend.fleet.commands.leases import AT_ONCE, LEASE, AckRefused, ack, sweep, take
from backend.fleet.commands.models import Command
from backend.fleet.models import Kiosk, KioskEvent
from backend.staff import approvals
from backend.staff.audit import AuditEntry
from backend.staff.roles import Role
from tests.backend.desk import ADMIN, EVERYBODY, OPERATOR
from tests.backend.fleet.enrolled import ELSEWHERE, START, enrolled_kiosks, kiosk_of, pulse_of, state_of

K = "K-1"
DONE = CommandAck(state="done", result={"took_s": 3})


async def give(
    sessions: Sessions,
    kind: CommandKind = CommandKind.SELF_TEST,
    kiosk_id: str = K,
    at: datetime = START,
    **options: Any,
) -> str:
    async with writing(sessions) as session:
        kiosk = await session.get(Kiosk, kiosk_id)
        assert kiosk is not None
        command = await service.create(session, OPERATOR, kiosk, kind, options.pop("arguments", {}), at=at, **options)
        await session.commit()
        return command.command_id


async def hand_out(sessions: Sessions, at: datetime, kiosk_id: str = K, *, again: bool = False) -> list[str]:
    async with writing(sessions) as session:
        orders = await take(session, [kiosk_id], at, again=again)
        await session.commit()
    return [order.command_id for order in orders.get(kiosk_id, [])]


async def answered(
    sessions: Sessions, command_id: str, at: datetime, answer: CommandAck = DONE, kiosk_id: str = K
) -> FleetProblem | None:
    async with writing(sessions) as session:
        try:
            await ack(session, kiosk_id, command_id, answer, at)
        except AckRefused as refused:
            await session.commit()
            return refused.code
        await session.commit()
    return None


async def command_of(sessions: Sessions, command_id: str) -> Command:
    async with sessions() as session:
        found = await session.get(Command, command_id)
        assert found is not None
        return found


async def test_handed_out_once_and_answered_once(sessions: Sessions) -> None:
    await enrolled_kiosks(sessions, K)
    command_id = await give(sessions)
    assert (await pulse_of(sessions, K)).commands_waiting
    assert await hand_out(sessions, START) == [command_id]
    assert await hand_out(sessions, START + timedelta(seconds=60)) == []
    assert await hand_out(sessions, START + timedelta(seconds=60), again=True) == [command_id]
    assert await answered(sessions, command_id, START) is None
    assert await answered(sessions, command_id, START) is None  # the answer's answer was lost
    assert await answered(sessions, command_id, START, CommandAck(state="failed")) == FleetProblem.CONFLICT
    command = await command_of(sessions, command_id)
    assert (command.state, command.result, command.leases) == ("done", {"took_s": 3}, 1)
    assert not (await pulse_of(sessions, K)).commands_waiting
    async with sessions() as session:
        history = (await session.scalars(select(KioskEvent.detail).order_by(KioskEvent.id))).all()
        assert [entry["state"] for entry in history] == ["waiting", "done"]
        assert await session.scalar(select(AuditEntry.action)) == "command.self-test"


async def test_no_answer_hands_it_out_again_until_it_expires(sessions: Sessions) -> None:
    await enrolled_kiosks(sessions, K)
    command_id = await give(sessions, stands_for=LEASE * 3)
    assert await hand_out(sessions, START) == [command_id]
    assert await hand_out(sessions, START + LEASE) == [command_id]
    end = START + LEASE * 3
    assert await hand_out(sessions, end) == []  # before the job has been round
    await sweep(sessions, end)
    assert (await command_of(sessions, command_id)).state == CommandState.EXPIRED
    assert not (await pulse_of(sessions, K)).commands_waiting
    assert await hand_out(sessions, end) == []


async def test_a_late_answer_is_kept_and_changes_nothing(sessions: Sessions) -> None:
    await enrolled_kiosks(sessions, K)
    command_id = await give(sessions, stands_for=timedelta(minutes=1))
    await hand_out(sessions, START)
    late = START + timedelta(minutes=1)  # the job has not been round: the clock decides
    assert await answered(sessions, command_id, late) == FleetProblem.CONFLICT
    assert await answered(sessions, command_id, late, CommandAck(state="failed")) == FleetProblem.CONFLICT
    command = await command_of(sessions, command_id)
    assert command.state == CommandState.EXPIRED
    assert command.late is not None
    assert command.late["state"] == "done"
    assert command.result == {}


async def test_a_stuck_head_holds_nobody_up(sessions: Sessions) -> None:
    await enrolled_kiosks(sessions, K)
    stuck = {await give(sessions) for _ in range(AT_ONCE)}
    assert set(await hand_out(sessions, START)) == stuck
    later = await give(sessions, at=START + timedelta(seconds=1))
    assert await hand_out(sessions, START + timedelta(seconds=1)) == [later]
    fresh = await give(sessions, at=START + LEASE)
    handed = await hand_out(sessions, START + LEASE)  # the stuck ones' leases are over too
    assert handed[0] == fresh
    assert len(handed) == AT_ONCE


@pytest.mark.parametrize("why", ["unknown", "foreign", "waiting", "nul"])
async def test_answers_nobody_asked_for(sessions: Sessions, why: str) -> None:
    await enrolled_kiosks(sessions, K, "K-2")
    command_id = await give(sessions)
    if why == "unknown":
        assert await answered(sessions, "f" * 32, START) == FleetProblem.NOT_FOUND
    elif why == "foreign":
        await hand_out(sessions, START)
        assert await answered(sessions, command_id, START, kiosk_id="K-2") == FleetProblem.WRONG_KIOSK
    elif why == "waiting":
        assert await answered(sessions, command_id, START) == FleetProblem.CONFLICT
    else:
        await hand_out(sessions, START)
        odd = CommandAck(state="refused", code="a\x00b", result={"x\x00": ["\x00"]})
        assert await answered(sessions, command_id, START, odd) is None
        assert (await command_of(sessions, command_id)).result == {"x": [""]}
        return
    assert (await command_of(sessions, command_id)).state in ("waiting", "leased")


async def test_a_new_enrolment_voids_what_was_meant_for_the_old(sessions: Sessions) -> None:
    await enrolled_kiosks(sessions, K)
    waiting, leased = await give(sessions), None
    [leased] = await hand_out(sessions, START)
    assert leased == waiting
    waiting = await give(sessions)
    async with writing(sessions) as session:
        kiosk = await session.get(Kiosk, K)
        assert kiosk is not None
        kiosk.epoch = 2
        await session.commit()
    assert await hand_out(sessions, START + LEASE) == []  # the epoch alone is enough
    async with writing(sessions) as session:
        assert await service.void_epoch(session, K, 1, START) == 2
        await session.commit()
    new = await give(sessions)
    assert await hand_out(sessions, START) == [new]
    assert await answered(sessions, leased, START) == FleetProblem.CONFLICT
    assert (await command_of(sessions, waiting)).code == "re-enrolled"


async def test_taking_back(sessions: Sessions) -> None:
    await enrolled_kiosks(sessions, K)
    first, second = await give(sessions), None
    await hand_out(sessions, START)
    second = await give(sessions)
    async with writing(sessions) as session:
        for command_id, certain in ((first, False), (second, True)):
            command = await session.get(Command, command_id)
            assert command is not None
            assert await service.cancel(session, OPERATOR, command, START) is certain
            with pytest.raises(CommandError):
                await service.cancel(session, OPERATOR, command, START)
        await session.commit()
    assert not (await pulse_of(sessions, K)).commands_waiting
    assert await hand_out(sessions, START + LEASE) == []


async def test_a_whole_region(sessions: Sessions) -> None:
    near, far = [f"K-{n}" for n in range(5)], [f"L-{n}" for n in range(3)]
    await enrolled_kiosks(sessions, *near)
    await enrolled_kiosks(sessions, *far, region=ELSEWHERE)
    async with writing(sessions) as session:
        batch, count = await service.create_for_region(
            session, ADMIN, "9901" + "0" * 8, CommandKind.VOLUME, {"percent": 30}, at=START
        )
        await session.commit()
    assert count == len(near)
    await sweep(sessions, START)
    flags = {kiosk_id: (await pulse_of(sessions, kiosk_id)).commands_waiting for kiosk_id in (*near, *far)}
    assert [kiosk_id for kiosk_id, flag in flags.items() if flag] == near
    [command_id] = await hand_out(sessions, START, near[0])
    assert command_id == f"{batch}.{near[0]}"
    command = await command_of(sessions, command_id)
    assert (command.arguments, command.result, command.epoch) == ({"percent": 30}, {}, 1)
    assert await answered(sessions, command_id, START, kiosk_id=near[0]) is None


async def test_too_many(sessions: Sessions) -> None:
    await enrolled_kiosks(sessions, K)
    for _ in range(service.MOST_OPEN):
        await give(sessions)
    with pytest.raises(CommandError, match="open already"):
        await give(sessions)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (CommandKind.VOLUME, {}),
        (CommandKind.VOLUME, {"percent": 101}),
        (CommandKind.VOLUME, {"percent": True}),
        (CommandKind.VOLUME, {"percent": 5, "more": 1}),
        (CommandKind.RESTART, {"what": "province"}),
        (CommandKind.SELF_TEST, {"x": 1}),
        (CommandKind.LOG_BUNDLE, {"hours": 0}),
        (CommandKind.PRINT_TEST, {"printer": "camera"}),
        (CommandKind.OUT_OF_SERVICE, {"reason_zh": "a\x00"}),
        (CommandKind.OUT_OF_SERVICE, {"reason_zh": "长" * 121}),
    ],
)
def test_arguments_are_checked(kind: CommandKind, arguments: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        checked_arguments(kind, arguments)


async def test_a_wipe_needs_two_people(sessions: Sessions) -> None:
    await enrolled_kiosks(sessions, K)
    with pytest.raises(CommandError, match="two people"):
        await give(sessions, CommandKind.WIPE)
    async with writing(sessions) as session:
        approval = await service.request_wipe(session, ADMIN, await kiosk_of(sessions, K), "sold", START)
        await session.commit()
        approval_id = approval.approval_id
    assert await hand_out(sessions, START) == []
    async with writing(sessions) as session:
        with pytest.raises(approvals.ApprovalError):
            await approvals.decide(session, ADMIN, approval_id, True, START)
    async with writing(sessions) as session:
        await approvals.decide(session, EVERYBODY[Role.SECURITY_ADMIN], approval_id, True, START)
        await session.commit()
    assert len(await hand_out(sessions, START)) == 1


async def _wipe(sessions: Sessions) -> str:
    """Agreed to and handed out."""
    async with writing(sessions) as session:
        approval = await service.request_wipe(session, ADMIN, await kiosk_of(sessions, K), "stolen", START)
        await approvals.decide(session, EVERYBODY[Role.SECURITY_ADMIN], approval.approval_id, True, START)
        await session.commit()
    [command_id] = await hand_out(sessions, START)
    return command_id


async def test_a_wiped_kiosk_is_planned_again_and_not_missed(sessions: Sessions) -> None:
    await enrolled_kiosks(sessions, K)
    command_id = await _wipe(sessions)
    assert (await kiosk_of(sessions, K)).identity == "enrolled"
    assert await answered(sessions, command_id, START) is None
    pulse = await pulse_of(sessions, K)
    assert (await kiosk_of(sessions, K)).identity == "planned"
    assert (pulse.accepts, pulse.serials) == (False, "")
    assert (await state_of(sessions, K)).health == "planned"
    async with sessions() as session:
        events = list(await session.scalars(select(KioskEvent.kind).where(KioskEvent.kiosk_id == K)))
        actions = list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)))
    assert events.count("wiped") == 1
    assert actions[-1] == "kiosk.wiped"
    assert await answered(sessions, command_id, START) is None  # the answer's answer was lost
    async with sessions() as session:
        assert await session.scalar(select(func.count()).where(AuditEntry.action == "kiosk.wiped")) == 1


async def test_a_wipe_that_is_told_too_late_ends_the_identity_all_the_same(sessions: Sessions) -> None:
    await enrolled_kiosks(sessions, K)
    command_id = await _wipe(sessions)
    late = START + timedelta(days=1)
    assert await answered(sessions, command_id, late) == FleetProblem.CONFLICT
    assert (await kiosk_of(sessions, K)).identity == "planned"


async def test_a_wipe_that_was_refused_ends_nothing(sessions: Sessions) -> None:
    await enrolled_kiosks(sessions, K)
    command_id = await _wipe(sessions)
    assert await answered(sessions, command_id, START, CommandAck(state="refused", code="open-intents")) is None
    assert (await kiosk_of(sessions, K)).identity == "enrolled"
