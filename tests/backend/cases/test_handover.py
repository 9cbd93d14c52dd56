"""The way to the department: at least once, whatever fails on it, and nothing changes twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import select

from backend.cases.handover import Handover, pause_after
from backend.cases.models import CaseEvent, CaseHandover, ServiceCase
from backend.db.engine import writing
from tests.backend.cases.world import application, opened, refused, simple
from tests.backend.house import House


@contextmanager
def watched(house: House) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """What the departments are asked meanwhile."""
    calls: list[tuple[str, dict[str, Any]]] = []
    exchange = house.backend.state.exchange
    ask = exchange.call

    async def call(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        calls.append((operation, params))
        answer: dict[str, Any] = await ask(operation, params)
        return answer

    with patch.object(exchange, "call", call):
        yield calls


class Clock:
    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at

    def passes(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def hand(house: House, clock: Clock, timeout_s: float = 5) -> Handover:
    return Handover(house.backend.state.sessions, house.backend.state.exchange, timeout_s=timeout_s, clock=clock)


async def case(house: House) -> ServiceCase:
    async with house.backend.state.sessions() as session:
        return (await session.scalars(select(ServiceCase))).one()


async def row(house: House) -> CaseHandover:
    async with house.backend.state.sessions() as session:
        return (await session.scalars(select(CaseHandover))).one()


async def events(house: House) -> list[tuple[str, str]]:
    async with house.backend.state.sessions() as session:
        found = await session.scalars(select(CaseEvent).order_by(CaseEvent.number))
        return [(event.kind, event.reason) for event in found]


async def test_handed_over(house: House) -> None:
    request = await application(house)
    receipt = await opened(house, request)
    with watched(house) as calls:
        await house.backend.state.case_handover.run()
    [(operation, params)] = calls
    assert operation == "desk.submit"
    assert (params["case_no"], params["service_id"]) == (receipt["case_no"], "apply")
    assert params["applicant"] == {"name": "张示范", "number": "519999199001010017"}
    assert params["materials"] == [
        {"material": "lease", "how": "scanned"},
        {"material": "household", "how": "fetched"},
    ]
    assert (await case(house)).state == "handed-over"
    assert (await row(house)).department_no.startswith("S")
    assert await events(house) == [("received", ""), ("handed-over", "")]
    with watched(house) as calls:
        await house.backend.state.case_handover.run()
    assert not calls
    assert (await opened(house, request))["state"] == "handed-over"


async def test_a_department_that_is_down_is_asked_again_later(house: House) -> None:
    await house.control(departments={"desk": {"down": True}})
    await opened(house, await application(house))
    clock = Clock()
    worker = hand(house, clock)
    with watched(house) as calls:
        await worker.run()
        assert len(calls) == 1
        await worker.run()
        assert len(calls) == 1  # not yet
        clock.passes(5.1)
        await worker.run()
        assert len(calls) == 2
        clock.passes(5.1)
        await worker.run()
        assert len(calls) == 2  # ten seconds this time
        await house.control(departments={"desk": {}})
        clock.passes(5)
        await worker.run()
        assert len(calls) == 3
    assert (await case(house)).state == "handed-over"
    assert ((await row(house)).attempts, (await row(house)).error) == (3, "")


def test_the_pauses_grow_to_half_an_hour() -> None:
    pauses = [pause_after(attempts).total_seconds() for attempts in (1, 2, 3, 9, 10, 1000)]
    assert pauses == [5, 10, 20, 1280, 1800, 1800]


async def test_a_slow_department(house: House) -> None:
    await house.control(departments={"desk": {"delay_s": 5}})
    await opened(house, await application(house))
    await hand(house, Clock(), timeout_s=0.2).run()
    assert (await case(house)).state == "received"
    assert (await row(house)).error == "timeout"


async def test_a_dead_department_starves_nobody(house: House) -> None:
    """However many cases wait for it: the others are handed over meanwhile, and it is asked a few times only."""
    for number in range(30):
        body = {"service_id": "free", "service_version": 3, "form": {"phone": "13800000017"}}
        await opened(house, {"intent_id": f"dead-{number:06d}", **body})
    form = {"applicant": "x", "phone": "13800000017"}
    situation = {"field": "science"}
    await opened(house, await simple(house, "package", form=form, situation=situation, parts=["licence"]))
    asked: list[tuple[str, float]] = []
    began = time.monotonic()

    class Half:
        down = True

        async def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
            asked.append((operation, time.monotonic() - began))
            if operation.startswith("desk") and self.down:
                await asyncio.sleep(99)
            return {"result": "ok", "department_no": "1"}

    clock, exchange = Clock(), Half()
    worker = Handover(house.backend.state.sessions, exchange, timeout_s=2, clock=clock)
    await worker.run()
    assert next(at for operation, at in asked if operation == "market.submit") < 2
    assert len([operation for operation, _ in asked if operation == "desk.submit"]) == 5
    await worker.run()
    assert len(asked) == 6, "it is left alone"
    clock.passes(5.1)
    await worker.run()
    assert len(asked) == 7, "one case is a question"
    exchange.down = False
    clock.passes(30)
    await worker.run()
    async with house.backend.state.sessions() as session:
        left = await session.scalars(select(CaseHandover).where(CaseHandover.state == "waiting"))
        assert not list(left)


async def test_what_was_never_asked_comes_first(house: House) -> None:
    for number in range(8):
        body = {"service_id": "free", "service_version": 3, "form": {"phone": "13800000017"}}
        await opened(house, {"intent_id": f"some-{number:06d}", **body})
    async with writing(house.backend.state.sessions) as session:
        for one in list(await session.scalars(select(CaseHandover).order_by(CaseHandover.number)))[:5]:
            one.attempts, one.next_at = 7, one.next_at - timedelta(hours=1)
        await session.commit()
    with watched(house) as calls:
        await hand(house, Clock()).run()
    assert sorted(params["case_no"][-4:] for _, params in calls[:5])[-3:] == ["0006", "0007", "0008"]


async def test_a_refusal_is_told(house: House) -> None:
    await house.control(departments={"desk": {"refuse": "not-entitled"}})
    request = await application(house)
    receipt = await opened(house, request)
    await house.backend.state.case_handover.run()
    assert await events(house) == [("received", ""), ("refused", "not-entitled")]
    status = (
        await house.call("POST", "/cases/status", {"case_no": receipt["case_no"], "check_code": receipt["check_code"]})
    ).json()
    assert [(step["label_zh"], step["state"]) for step in status["steps"]] == [
        ("已收到", "done"),
        ("青口县人社局没有受理", "failed"),
    ]
    assert status["todo_zh"] == "青口县人社局没有受理：不符合申请条件。请到窗口咨询，或拨打 12345。"
    assert (await opened(house, request))["outcome_zh"] == "不符合申请条件"
    with watched(house) as calls:
        await house.backend.state.case_handover.run()
    assert not calls


@pytest.mark.parametrize(
    "answer",
    [{"result": "ok"}, {"result": "ok", "department_no": ""}, {"result": "ok", "department_no": 7}, {"result": "?"}],
)
async def test_an_answer_nobody_understands_is_no_acceptance(house: House, answer: dict[str, Any]) -> None:
    await opened(house, await application(house))

    async def nonsense(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        return answer

    with patch.object(house.backend.state.exchange, "call", nonsense):
        await hand(house, Clock()).run()
    assert (await case(house)).state == "received"
    assert (await row(house)).error == "answer"


async def test_a_reason_that_is_no_keyword_is_not_repeated(house: House) -> None:
    await opened(house, await application(house))

    async def wordy(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"result": "refused", "reason": "张示范 519999199001010017 不符合"}

    with patch.object(house.backend.state.exchange, "call", wordy):
        await hand(house, Clock()).run()
    assert await events(house) == [("received", ""), ("refused", "")]


async def test_a_worker_that_was_killed(house: House) -> None:
    await opened(house, await application(house))
    clock = Clock()
    dead, living = hand(house, clock), hand(house, clock)
    [taken] = await dead._take(CaseHandover.next_at <= clock(), 5)  # it dies before anything else
    with watched(house) as calls:
        await living.run()
        assert not calls  # the lease stands
        clock.passes(3600)
        await living.run()
        assert len(calls) == 1
        # It was not dead, only very slow: what it has to say no longer counts.
        await dead._settle(taken, await dead._ask(taken, 5))
        assert len(calls) == 2
    assert await events(house) == [("received", ""), ("handed-over", "")]
    numbers = house.sandbox.state.sandbox.submissions
    assert len(numbers) == 1  # the department knows one case


async def test_a_worker_killed_while_the_department_answers(house: House) -> None:
    await opened(house, await application(house))
    clock = Clock()
    worker = hand(house, clock)
    reached = asyncio.Event()

    async def never(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    with patch.object(house.backend.state.exchange, "call", never):
        task = asyncio.create_task(worker.run())
        await reached.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert (await row(house)).lease is not None
    clock.passes(3600)
    await hand(house, clock).run()
    assert (await case(house)).state == "handed-over"


async def test_two_workers_at_once_hand_over_each_case_once(house: House) -> None:
    for number in range(5):
        await opened(house, await application(house, f"intent-20{number}"))
    clock = Clock()
    with watched(house) as calls:
        await asyncio.gather(*(hand(house, clock).run() for _ in range(4)))
    assert len(calls) == 5
    assert len({params["case_no"] for _, params in calls}) == 5


async def test_one_that_fails_does_not_hold_up_the_others(house: House) -> None:
    first = await opened(house, await application(house))
    await opened(house, await application(house, "intent-0002"))
    exchange = house.backend.state.exchange
    ask = exchange.call

    async def broken(operation: str, params: dict[str, Any]) -> Any:
        if params["case_no"] == first["case_no"]:
            raise RuntimeError("519999199001010017")
        return await ask(operation, params)

    with patch.object(exchange, "call", broken):
        await hand(house, Clock()).run()
    async with house.backend.state.sessions() as session:
        states = {one.case_no: one.state for one in await session.scalars(select(CaseHandover))}
    assert states.pop(first["case_no"]) == "waiting"
    assert list(states.values()) == ["done"]


# --- decided on the spot ---------------------------------------------------------------------------------------------


async def test_decided_on_the_spot(house: House) -> None:
    receipt = await opened(house, await simple(house, "instant"))
    assert (receipt["state"], receipt["promised_by"]) == ("instant", None)
    assert receipt["outcome_zh"] == "已当场办结：登记回执"
    assert receipt["outcome_en"] == "Done on the spot: Registration slip"
    assert [kind for kind, _ in await events(house)] == ["received", "handed-over", "decided"]


async def test_refused_on_the_spot(house: House) -> None:
    await house.control(departments={"desk": {"refuse": "already-applied"}})
    request = await simple(house, "instant")
    assert await refused(house, request) == ("refused-by-department", "already-applied")
    await house.control(departments={"desk": {}})
    assert await refused(house, request) == ("refused-by-department", "already-applied")  # the same intent


async def test_a_department_that_takes_too_long_to_decide(house: House) -> None:
    await house.control(departments={"desk": {"delay_s": 5}})
    house.backend.state.cases_settings.instant_timeout_s = 0.3
    began = time.monotonic()
    assert (await opened(house, await simple(house, "instant")))["state"] == "received"
    assert time.monotonic() - began < 4


async def test_the_background_leaves_it_to_the_request_at_first(house: House) -> None:
    handover = house.backend.state.case_handover
    at_once, moved = handover.now, []

    async def now(case_no: str, timeout_s: float) -> None:
        moved.append(await hand(house, Clock())._hand_over_some("desk.submit"))
        await at_once(case_no, timeout_s)

    with patch.object(handover, "now", now):
        assert (await opened(house, await simple(house, "instant")))["state"] == "instant"
    assert moved == [False]


async def test_a_stored_case_is_never_told_as_a_failure(house: House) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError

    with patch.object(house.backend.state.case_handover, "now", broken):
        assert (await opened(house, await simple(house, "instant")))["state"] == "received"


async def test_received_although_nobody_can_decide_now(house: House) -> None:
    await house.control(departments={"desk": {"down": True}})
    receipt = await opened(house, await simple(house, "instant"))
    assert (receipt["state"], receipt["outcome_zh"]) == ("received", "")
    await house.control(departments={"desk": {}})
    clock = Clock()
    clock.passes(6)
    await hand(house, clock).run()
    after = (await house.call("GET", "/cases/intent-0001")).json()
    assert (after["state"], after["check_code"]) == ("instant", receipt["check_code"])
