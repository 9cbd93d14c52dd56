"""The heartbeat's pace, what makes it hurry, and what it says."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.contract.fleet_api import Heartbeat, HeartbeatReply, KioskReport, Problem
from drivers.status import Action, DeviceState, DeviceStatus, SupplyState
from kiosk.link import heartbeat as module
from kiosk.link.desk_clock import DeskClock
from kiosk.link.errors import ErrorBook
from kiosk.link.fleet_desk import DeskFault, DeskRefusal, DeskSilent, refusal
from kiosk.link.heartbeat import Heartbeats, Vitals
from kiosk.link.pace import Pace
from kiosk.link.report import ReportBuilder
from kiosk.link.sequence import Sequence
from tests.kiosk.link.terminal import Time, until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Desk:
    def __init__(self) -> None:
        self.heard: list[Heartbeat] = []
        self.answer: Callable[[], HeartbeatReply | DeskFault] = lambda: HeartbeatReply(now=NOW, interval_s=3600)

    async def heartbeat(self, heartbeat: Heartbeat) -> HeartbeatReply | DeskFault:
        self.heard.append(msgspec.json.decode(msgspec.json.encode(heartbeat), type=Heartbeat))
        return self.answer()


class Bench:
    def __init__(self, tmp_path: Path) -> None:
        self.desk = Desk()
        self.status = DeviceStatus(DeviceState.ONLINE)
        self.builder = ReportBuilder()
        self.errors = ErrorBook()
        self.clock = DeskClock(Time())
        self.answers: list[HeartbeatReply | DeskFault] = []
        self.heartbeats = Heartbeats(
            lambda: self.desk,  # type: ignore[arg-type,return-value]
            Sequence(tmp_path / "sequence"),
            report=lambda: self.builder.build({"camera": self.status}, software="1", content="c", settings=1),
            vitals=self._vitals,
            errors=self.errors,
            clock=self.clock,
            on_answer=self._heard,
        )

    async def _vitals(self) -> Vitals:
        return Vitals(counters={"sessions": 3})

    async def _heard(self, answer: HeartbeatReply | DeskFault) -> None:
        self.answers.append(answer)


async def test_numbers_grow_and_the_start_has_a_name(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for _ in range(3):
        await bench.heartbeats.beat()
    again = Bench(tmp_path)
    await again.heartbeats.beat()
    heard = bench.desk.heard + again.desk.heard
    assert [beat.seq for beat in heard] == sorted({beat.seq for beat in heard})
    assert len({beat.boot for beat in heard}) == 2
    assert heard[0].counters == {"sessions": 3}
    assert bench.clock.now() == NOW


async def test_a_desk_that_knows_more_than_we_makes_us_jump(tmp_path: Path) -> None:
    (tmp_path / "sequence").write_text("100\n")
    bench = Bench(tmp_path)
    bench.desk.answer = lambda: DeskRefusal(409, "sequence")
    await bench.heartbeats.beat()
    await bench.heartbeats.beat()
    assert bench.desk.heard[0].seq == 101
    assert bench.desk.heard[1].seq > 1_700_000_000


async def test_the_number_the_desk_names_is_passed(tmp_path: Path) -> None:
    (tmp_path / "sequence").write_text("100\n")
    bench = Bench(tmp_path)
    named = httpx.Response(409, content=msgspec.json.encode(Problem("sequence", "", 5_000_000_000)))
    bench.desk.answer = lambda: refusal(named)
    await bench.heartbeats.beat()
    await bench.heartbeats.beat()
    assert [beat.seq for beat in bench.desk.heard] == [101, 5_000_000_001]


async def test_errors_are_told_until_they_are_heard(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.errors.note("journey_failed", "pay_bill.py:12")
    bench.desk.answer = lambda: DeskSilent("gone")
    await bench.heartbeats.beat()
    bench.errors.note("journey_failed", "pay_bill.py:12")
    bench.desk.answer = lambda: HeartbeatReply(now=NOW, interval_s=60)
    await bench.heartbeats.beat()
    await bench.heartbeats.beat()
    assert [[(error.code, error.count) for error in beat.errors] for beat in bench.desk.heard] == [
        [("journey_failed", 1)],
        [("journey_failed", 2)],
        [],
    ]


def test_an_error_is_a_code_and_never_a_message() -> None:
    errors = ErrorBook()
    errors.processor(None, "error", {"event": "card 519999199001010025 refused", "at": "李样本"})
    errors.processor(None, "error", {"event": "device_not_opened", "device": "camera", "message": "secret"})
    errors.processor(None, "error", {"event": "x", "at": "13800138000"})
    errors.processor(None, "info", {"event": "session_started"})
    assert [(error.code, error.where) for error in errors.noted()] == [
        ("other", ""),
        ("device_not_opened", "camera"),
        ("x", ""),
    ]
    for number in range(200):
        errors.note(f"code-{number}")
    assert len(errors.noted()) <= 50


async def test_a_change_is_told_at_once_but_settled_and_not_too_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.005)
    monkeypatch.setattr(module, "SETTLE_S", 0.1)
    monkeypatch.setattr(module, "APART_S", 0.3)
    bench = Bench(tmp_path)
    task = asyncio.create_task(bench.heartbeats.run())
    loop = asyncio.get_running_loop()
    try:
        await until(lambda: len(bench.desk.heard) == 1)
        first = loop.time()
        bench.status = DeviceStatus(DeviceState.HARDWARE_ERROR, action=Action.MAINTENANCE)
        await until(lambda: len(bench.desk.heard) == 2)
        assert loop.time() - first >= 0.29
        assert _report(bench.desk.heard[1]).devices["camera"].state == "hardwareError"
        for _ in range(20):  # flutters: told once it stands still
            bench.status = DeviceStatus(DeviceState.ONLINE)
            await asyncio.sleep(0.01)
            bench.status = DeviceStatus(DeviceState.OFFLINE)
            await asyncio.sleep(0.01)
        await until(lambda: len(bench.desk.heard) == 3)
        assert _report(bench.desk.heard[2]).devices["camera"].state == "offline"
        await asyncio.sleep(0.5)
        assert len(bench.desk.heard) == 3, "nothing changed: it waits its hour"
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_change_does_not_hurry_to_a_desk_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_S", "SETTLE_S", "APART_S"):
        monkeypatch.setattr(module, name, 0.01)
    bench = Bench(tmp_path)
    bench.desk.answer = lambda: DeskRefusal(503, "busy", 3000.0)
    task = asyncio.create_task(bench.heartbeats.run())
    try:
        await until(lambda: bench.desk.heard)
        for state in (DeviceState.OFFLINE, DeviceState.ONLINE, DeviceState.OFFLINE):
            bench.status = DeviceStatus(state)
            bench.heartbeats.now()
            await asyncio.sleep(0.1)
        assert len(bench.desk.heard) == 1
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_whatever_goes_wrong_inside_it_goes_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path)

    async def broken(answer: HeartbeatReply | DeskFault) -> None:
        raise RuntimeError

    bench.heartbeats._on_answer = broken
    assert isinstance(await bench.heartbeats.beat(), HeartbeatReply)
    bench.heartbeats._sequence.next = _full  # type: ignore[method-assign]
    assert await bench.heartbeats.beat() == DeskSilent("OSError")
    assert len(bench.desk.heard) == 1, "without a number on the disk nothing is sent"


def _full() -> int:
    raise OSError("no space")


def _report(beat: Heartbeat) -> KioskReport:
    return msgspec.json.decode(beat.report, type=KioskReport)


# --- pace


@given(st.integers(-10, 10**9), st.integers(-10, 10**9), st.integers())
def test_the_desks_pace_is_kept_within_reason(interval: int, jitter: int, seed: int) -> None:
    pace = Pace(chance=random.Random(seed))
    wait = pace.after(HeartbeatReply(now=NOW, interval_s=interval, jitter_s=jitter))
    assert 5 <= wait <= 7200
    if 5 <= interval <= 3600 and 0 <= jitter <= 3600:
        assert interval <= wait <= interval + jitter


@given(st.integers(1, 40), st.integers())
def test_failures_wait_longer_and_by_chance(failures: int, seed: int) -> None:
    pace = Pace(chance=random.Random(seed))
    waits = [pace.after(DeskSilent("gone")) for _ in range(failures)]
    assert all(1 <= wait <= min(300, 5 * 2 ** (number + 1)) for number, wait in enumerate(waits))


def test_a_city_does_not_come_back_at_one_moment() -> None:
    waits = []
    for seed in range(500):
        pace = Pace(chance=random.Random(seed))
        waits.append([pace.after(DeskSilent("gone")) for _ in range(8)][-1])
    assert max(sum(start <= wait < start + 30 for wait in waits) for start in range(0, 300, 30)) < 100


def test_retry_after_is_obeyed_and_strangers_come_seldom() -> None:
    assert Pace().after(DeskRefusal(503, "busy", 900.0)) >= 900
    assert Pace().after(DeskRefusal(403, "unknown-identity")) >= 480
    assert Pace().after(DeskRefusal(403, "quarantined")) >= 480


# --- report


def test_the_same_bytes_until_something_matters() -> None:
    builder = ReportBuilder()

    def build(toner: int, paper: SupplyState = SupplyState.FULL, **counters: int) -> bytes:
        status = DeviceStatus(DeviceState.ONLINE, {"paper": paper}, levels={"toner": toner}, counters=counters)
        return builder.build({"document_printer": status}, software="1", content="c", settings=1)

    first = build(42, pages=1)
    assert all(build(toner, pages=toner) == first for toner in (41, 42, 43, 42, 41, 39, 42))
    assert build(35) != first
    assert build(42, SupplyState.LOW) != first
    assert b'"toner":0' in build(0)
    assert b'"toner":0' not in build(1), "a little is not nothing"


@given(st.lists(st.integers(0, 100), min_size=1, max_size=60))
def test_a_level_is_never_told_far_from_the_truth(levels: list[int]) -> None:
    builder = ReportBuilder()
    for level in levels:
        status = DeviceStatus(DeviceState.ONLINE, levels={"toner": level})
        report = msgspec.json.decode(
            builder.build({"p": status}, software="", content="", settings=0), type=KioskReport
        )
        told = report.devices["p"].levels["toner"]
        assert abs(told - level) <= 4
        assert (told == 0) == (level == 0)


def test_a_drivers_novel_is_cut_to_what_the_desk_takes() -> None:
    status = DeviceStatus(DeviceState.ONLINE, detail="x" * 5000, identity="y" * 5000)
    report = ReportBuilder().build({"p": status}, software="", content="", settings=0, out_of_service="z" * 5000)
    msgspec.json.decode(report, type=KioskReport)


# --- clock


def test_the_desks_clock_goes_on_by_itself() -> None:
    steady = Time()
    clock = DeskClock(steady)
    assert clock.now() is None
    clock.hear(NOW)
    steady.seconds += 90
    assert clock.now() == NOW + timedelta(seconds=90)
    clock.hear(datetime(2026, 1, 1))  # noqa: DTZ001 - a desk that says no zone is not believed
    assert clock.now() == NOW + timedelta(seconds=90)
