"""The SSP driver on a unit that does nothing wrong, and on lines that do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.cash.port import CASHBOX_SPACE, CashEventKind, Note
from drivers.cash.ssp_driver import SspAcceptor
from drivers.link.trace import Traced, watch
from drivers.status import Action, DeviceState, SupplyState
from drivers.virtual.itl_ssp import VirtualSspValidator
from drivers.virtual.itl_ssp_faults import SspFault
from drivers.virtual.note_path import Place
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, SSP_TIMINGS, Bench, ssp_bench, ssp_settings

SYNC, PROTOCOL, SETUP, REJECT, DISABLE, POLL, HOLD = 0x11, 0x06, 0x05, 0x08, 0x09, 0x07, 0x18

SspBench = Bench[VirtualSspValidator]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[SspBench]:
    async with ssp_bench(tmp_path) as bench:
        yield bench


async def take(bench: SspBench, fen: int) -> None:
    await bench.feed(fen)
    assert await bench.cash.stack()
    assert (await bench.event(CashEventKind.STACKED)).note == Note(fen)


async def test_a_note_is_taken_once(bench: SspBench) -> None:
    assert (await bench.feed(1000)).note == Note(1000)
    assert await bench.cash.stack()
    stacked = await bench.event(CashEventKind.STACKED)
    assert (stacked.note, stacked.late, stacked.unsure) == (Note(1000), False, False)
    await bench.quiet()
    assert bench.unit.path.cashbox == [1000]
    assert not await bench.cash.stack()
    assert not await bench.cash.give_back()


async def test_a_note_is_given_back(bench: SspBench) -> None:
    await bench.feed(5000)
    assert await bench.cash.give_back()
    assert (await bench.event(CashEventKind.RETURNED)).note == Note(5000)
    assert not await bench.cash.stack()
    assert bench.unit.path.out == [5000]
    assert bench.unit.path.cashbox == []


async def test_notes_one_after_the_other(bench: SspBench) -> None:
    for fen in (10000, 100, 2000):
        await take(bench, fen)
    await bench.feed(500)
    await bench.cash.give_back()
    await bench.event(CashEventKind.RETURNED)
    counters = bench.cash.status.counters
    assert (counters["notes_stacked"], counters["notes_returned"], counters["stacked_10000"]) == (3, 1, 1)
    assert [event.number for event in bench.seen] == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_what_the_unit_says_of_itself(bench: SspBench) -> None:
    assert [note.value for note in bench.cash.notes] == list(ALL)
    status = bench.cash.status
    assert status.identity == "ITL SSP unit type 0, firmware 0330, serial number 1234567"
    assert (status.action, status.supplies) == (Action.NONE, {CASHBOX_SPACE: SupplyState.FULL})


async def test_the_order_of_greeting(bench: SspBench) -> None:
    """A poll would take a note in escrow, so it is rejected before."""
    commands = list(bench.unit.commands)
    assert commands[: commands.index(POLL)] == [SYNC, REJECT, DISABLE, PROTOCOL, SETUP, 0x0C]


async def test_only_the_wanted_values_at_the_unit(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path, enabled=False) as bench:
        assert await bench.cash.enable([500, 1000, 77])
        await until(lambda: bench.unit.taking)
        assert bench.unit.insert(10000)
        refused = await bench.event(CashEventKind.REFUSED)
        assert refused.note is None, "it never came into escrow"
        await take(bench, 500)


async def test_values_the_unit_does_not_take(bench: SspBench) -> None:
    assert not await bench.cash.enable([20000])
    assert not await bench.cash.enable([])


async def test_old_firmware(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path, protocol=4) as bench:
        assert [note.value for note in bench.cash.notes] == list(ALL)
        await take(bench, 2000)


async def test_a_note_is_held_for_as_long_as_the_kiosk_decides(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path, escrow_s=0.4) as bench:
        await bench.feed(2000)
        bench.unit.commands.clear()
        await asyncio.sleep(0.7)
        assert set(bench.unit.commands) == {HOLD}
        assert bench.unit.path.place is Place.ESCROW
        assert await bench.cash.stack()
        await bench.event(CashEventKind.STACKED)


async def test_a_note_nobody_decides_about_is_given_back(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path, timings=replace(SSP_TIMINGS, escrow_decision=0.1)) as bench:
        await bench.feed(2000)
        assert (await bench.event(CashEventKind.RETURNED)).note == Note(2000)


async def test_a_unit_that_knows_no_hold_stacks_nothing_unasked(bench: SspBench) -> None:
    bench.unit.faults.inject(SspFault.NO_HOLD)
    await bench.feed(2000)
    await bench.event(CashEventKind.RETURNED)
    assert bench.unit.path.cashbox == []


async def test_disable_gives_the_note_back_and_waits_for_it(bench: SspBench) -> None:
    await bench.feed(2000)
    await bench.cash.disable()
    assert bench.unit.path.out == [2000]
    await bench.event(CashEventKind.RETURNED)
    assert not bench.unit.insert(2000)


async def test_disable_waits_for_a_note_on_its_way_into_the_box(bench: SspBench) -> None:
    await bench.feed(2000)
    await bench.cash.stack()
    await bench.cash.disable()
    async with asyncio.timeout(0.1):
        await bench.event(CashEventKind.STACKED)


async def test_disable_while_a_note_is_drawn_in(bench: SspBench) -> None:
    await until(lambda: bench.unit.taking)
    assert bench.unit.insert(2000)
    await bench.cash.disable()
    await bench.next_of(CashEventKind.REFUSED)
    assert bench.unit.path.out == [2000]


async def test_unread_events_of_yesterday_do_not_end_todays_payment(bench: SspBench) -> None:
    await bench.feed(1000)
    await bench.cash.stack()
    await until(lambda: bench.unit.path.cashbox)
    bench.unit.unplug()
    await until(lambda: bench.cash.status.device is DeviceState.OFFLINE)
    bench.unit.replug()
    await until(lambda: bench.cash.status.ready)
    assert await bench.cash.enable(ALL)
    await bench.event(CashEventKind.STACKED)  # money stays; LOST is gone
    await bench.feed(500)


async def test_cancelling_the_wait_loses_nothing(bench: SspBench) -> None:
    moments = random.Random(3)
    await until(lambda: bench.unit.taking)
    bench.unit.insert(1000)
    for _ in range(60):
        waiting = asyncio.create_task(bench.cash.next_event())
        await asyncio.sleep(moments.uniform(0, 0.003))
        waiting.cancel()
        if not isinstance(event := (await asyncio.gather(waiting, return_exceptions=True))[0], BaseException):
            break
    else:
        event = await bench.event()
    assert event.kind is CashEventKind.ESCROWED


@pytest.mark.parametrize(
    "fault", [SspFault.NOISE, SspFault.SLOW_BYTES, SspFault.GLUED], ids=lambda fault: str(fault.value)
)
async def test_bad_lines_that_cost_nothing(bench: SspBench, fault: SspFault) -> None:
    bench.unit.faults.inject(fault)
    await take(bench, 1000)
    await bench.quiet()
    assert bench.unit.path.cashbox == [1000]


@pytest.mark.parametrize(
    "fault",
    [SspFault.BAD_CHECKSUM, SspFault.TRUNCATED, SspFault.LATE, SspFault.LOST_REPLY, SspFault.LOST_COMMAND],
    ids=lambda fault: str(fault.value),
)
async def test_bad_lines_that_cost_a_second_try(bench: SspBench, fault: SspFault) -> None:
    await bench.feed(1000)
    bench.unit.faults.inject(fault, 2)
    assert await bench.cash.stack()
    await bench.event(CashEventKind.STACKED)
    await bench.quiet()
    assert bench.unit.path.cashbox == [1000]


async def test_an_idle_night_then_a_note(tmp_path: Path) -> None:
    """Polls go on while nobody pays, so the unit neither disables itself nor is its loss noticed too late."""
    async with ssp_bench(tmp_path, enabled=False) as bench:
        bench.unit.commands.clear()
        await until(lambda: list(bench.unit.commands).count(POLL) >= 5)
        assert await bench.cash.enable(ALL)
        await take(bench, 1000)


async def test_a_unit_that_was_not_polled_is_enabled_again(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path) as bench:
        bench.unit._left_alone()
        await take(bench, 1000)


async def test_closing_in_mid_escrow_gives_the_note_back(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path) as bench:
        await bench.feed(1000)
        await bench.cash.close()
        assert bench.unit.path.out == [1000]
        assert not await bench.cash.enable(ALL)
        assert not await bench.cash.stack()
        await bench.cash.disable()
        await bench.cash.open()
        await until(lambda: bench.cash.status.ready)


async def test_refresh_asks_now(bench: SspBench) -> None:
    bench.unit.fill()
    assert (await bench.cash.refresh()).action is Action.CLEAR


async def test_replugged_under_another_tty_name(bench: SspBench) -> None:
    old = bench.unit.pty.tty
    bench.unit.unplug()
    others = [VirtualSspValidator(bench.unit.pty.path.with_name(f"other{n}")) for n in range(2)]
    for other in others:
        other.pty.plug()
    bench.unit.replug()
    assert bench.unit.pty.tty != old
    await bench.event(CashEventKind.LOST)
    await until(lambda: bench.cash.status.ready)
    assert await bench.cash.enable(ALL)
    await take(bench, 500)
    for other in others:
        other.pty.unplug()


async def test_a_ticket_with_a_bar_code_is_returned(bench: SspBench) -> None:
    bench.unit.commands.clear()
    bench.unit._events.append(b"\xe5")
    await until(lambda: REJECT in bench.unit.commands)


async def test_a_unit_that_wants_encryption(bench: SspBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.unit, "_poll", lambda: b"\xfa")
    await bench.event(CashEventKind.LOST)
    assert bench.cash.status.device is DeviceState.HARDWARE_ERROR
    assert bench.cash.status.detail == "unit answers FA to a poll"


async def test_a_busy_unit_is_asked_again(bench: SspBench, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([b"\xf5\x03"] * 5)
    true_poll = bench.unit._poll
    monkeypatch.setattr(bench.unit, "_poll", lambda: next(answers, None) or true_poll())
    await take(bench, 1000)


async def test_frames_are_traced(bench: SspBench) -> None:
    seen: list[Traced] = []
    with watch(seen.append):
        await until(lambda: len(seen) > 4)
    assert {(traced.device, traced.label) for traced in seen} == {("cash", "POLL")}


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    unit = VirtualSspValidator(tmp_path / "dev" / "cash", speed=40)
    await unit.start()
    for _ in range(3):
        cash = SspAcceptor(ssp_settings(unit.pty.path))
        await cash.open()
        await until(lambda: cash.status.ready)  # noqa: B023 - awaited here
        await cash.close()
    await unit.stop()
    assert asyncio.all_tasks() == before
