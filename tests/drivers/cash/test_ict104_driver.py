"""The ICT104 driver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.cash.port import CashEventKind, Note
from drivers.link.trace import Traced, watch
from drivers.status import Action, DeviceState
from drivers.virtual.ict104 import IctFault, VirtualIct104
from drivers.virtual.note_path import Place
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, BILLS, ICT_TIMINGS, Bench, ict_bench

IctBench = Bench[VirtualIct104]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[IctBench]:
    async with ict_bench(tmp_path) as bench:
        yield bench


async def take(bench: IctBench, fen: int) -> None:
    await bench.feed(fen)
    assert await bench.cash.stack()
    stacked = await bench.event(CashEventKind.STACKED)
    assert (stacked.note, stacked.late) == (Note(fen), False)


async def test_notes_in_and_out(bench: IctBench) -> None:
    assert [note.value for note in bench.cash.notes] == list(BILLS)
    await take(bench, 10000)
    await take(bench, 500)
    await bench.feed(2000)
    assert await bench.cash.give_back()
    assert (await bench.event(CashEventKind.RETURNED)).note == Note(2000)
    await bench.quiet()
    assert (bench.unit.path.cashbox, bench.unit.path.out) == ([10000, 500], [2000])
    assert not await bench.cash.stack()
    assert not await bench.cash.give_back()


async def test_unwanted_values_go_back_by_the_host(tmp_path: Path) -> None:
    """The unit has no inhibits of single values."""
    async with ict_bench(tmp_path, enabled=False) as bench:
        assert await bench.cash.enable([500])
        assert bench.unit.insert(10000)
        assert (await bench.event(CashEventKind.REFUSED)).note == Note(10000)
        await take(bench, 500)
        assert not await bench.cash.enable([100])


@pytest.mark.parametrize("hold", [0x18, 0x5A])
async def test_a_note_is_held(tmp_path: Path, hold: int) -> None:
    async with ict_bench(tmp_path, hold=hold, escrow_s=0.4) as bench:
        await bench.feed(1000)
        await asyncio.sleep(0.7)
        assert bench.unit.path.place is Place.ESCROW
        assert hold in bench.unit.heard
        assert await bench.cash.stack()
        await bench.event(CashEventKind.STACKED)


async def test_a_note_nobody_decides_about_is_given_back(tmp_path: Path) -> None:
    async with ict_bench(tmp_path, timings=replace(ICT_TIMINGS, escrow_decision=0.1)) as bench:
        await bench.feed(1000)
        await bench.event(CashEventKind.RETURNED)


async def test_not_recognised(bench: IctBench) -> None:
    bench.unit.faults.inject(IctFault.COUNTERFEIT, 1)
    bench.unit.insert(1000)
    await bench.event(CashEventKind.REFUSED)
    await bench.quiet()


async def test_one_refusal_told_in_two_ways_is_one(bench: IctBench) -> None:
    await bench.unit.say(b"\x29\x11\x29")
    await bench.event(CashEventKind.REFUSED)
    await bench.quiet()


async def test_pulled_back(bench: IctBench) -> None:
    await bench.feed(1000)
    assert await bench.unit.pull_back()
    assert (await bench.event(CashEventKind.RETURNED)).note == Note(1000)


async def test_disable_gives_the_note_back(bench: IctBench) -> None:
    await bench.feed(1000)
    await bench.cash.disable()
    assert bench.unit.path.out == [1000]
    assert not bench.unit.taking


@pytest.mark.parametrize("fault", [IctFault.NOISE, IctFault.SLOW_BYTES], ids=lambda fault: str(fault.value))
async def test_bad_lines(bench: IctBench, fault: IctFault) -> None:
    bench.unit.faults.inject(fault)
    await take(bench, 1000)


async def test_power_up_is_answered(bench: IctBench) -> None:
    bench.unit.heard.clear()
    await bench.unit.reset()
    await bench.event(CashEventKind.LOST)
    await until(lambda: 0x02 in bench.unit.heard)
    await until(lambda: bench.cash.status.ready)
    assert await bench.cash.enable(ALL)
    await take(bench, 500)


async def test_a_unit_whose_power_up_nobody_heard_is_reset(tmp_path: Path) -> None:
    """Not greeted with 02, which would take a note that waits."""
    async with ict_bench(tmp_path, enabled=False) as bench:
        await bench.cash.close()
        await bench.unit.reset()
        await until(lambda: not bench.unit._deaf)
        bench.unit.heard.clear()
        await bench.cash.open()
        await until(lambda: bench.cash.status.ready)
        heard = list(bench.unit.heard)
        assert heard.index(0x30) < heard.index(0x02)


async def test_reset_while_stacking_cannot_be_told(tmp_path: Path) -> None:
    async with ict_bench(tmp_path, speed=8) as bench:
        await bench.feed(1000)
        await bench.cash.stack()
        await until(lambda: bench.unit.path.place is Place.STACKING)
        await bench.unit.reset()
        await bench.event(CashEventKind.LOST)
        jammed = await bench.event(CashEventKind.JAMMED)
        assert (jammed.note, jammed.late) == (Note(1000), True)
        assert bench.cash.status.counters["notes_stacked"] == 0


async def test_a_lost_result_is_told_as_unknown(tmp_path: Path) -> None:
    async with ict_bench(tmp_path, timings=replace(ICT_TIMINGS, accept=0.5)) as bench:
        await bench.feed(1000)
        bench.unit.faults.inject(IctFault.LOST_REPLY, 1)
        await bench.cash.stack()
        assert (await bench.event(CashEventKind.JAMMED)).note == Note(1000)
        await bench.unit.say(b"\x10")  # too late to be believed
        await bench.quiet()


async def test_unplugged_in_escrow(bench: IctBench) -> None:
    await bench.feed(1000)
    bench.unit.unplug()
    await bench.event(CashEventKind.LOST)
    assert bench.cash.status.device is DeviceState.OFFLINE
    assert not await bench.cash.stack()
    bench.unit.replug()
    returned = await bench.event(CashEventKind.RETURNED)
    assert (returned.note, returned.late) == (Note(1000), True)


async def test_silence_is_a_loss(bench: IctBench) -> None:
    bench.unit.faults.inject(IctFault.SILENT)
    await bench.event(CashEventKind.LOST)
    bench.unit.faults.clear()
    await until(lambda: bench.cash.status.ready)


async def test_never_enables(tmp_path: Path) -> None:
    async with ict_bench(tmp_path, enabled=False) as bench:
        bench.unit.faults.inject(IctFault.NEVER_ENABLES)
        assert not await bench.cash.enable(ALL)


@pytest.mark.parametrize(
    ("hand", "kind", "device", "action"),
    [
        ("fill", CashEventKind.STACKER_FULL, DeviceState.ONLINE, Action.CLEAR),
        ("remove_cashbox", CashEventKind.CASHBOX_REMOVED, DeviceState.USER_ERROR, Action.MAINTENANCE),
        ("break_motor", CashEventKind.LOST, DeviceState.HARDWARE_ERROR, Action.MAINTENANCE),
    ],
)
async def test_troubles_and_their_end(
    bench: IctBench, hand: str, kind: CashEventKind, device: DeviceState, action: Action
) -> None:
    await getattr(bench.unit, hand)()
    await bench.event(kind)
    await until(lambda: (bench.cash.status.device, bench.cash.status.action) == (device, action))
    assert not bench.cash.status.ready
    assert not await bench.cash.enable(ALL)
    await bench.unit.mend()
    await until(lambda: bench.cash.status.ready)
    assert await bench.cash.enable(ALL)
    await take(bench, 500)


async def test_fishing_stays_until_a_technician_restarts_the_unit(bench: IctBench) -> None:
    await bench.unit.fish()
    await bench.event(CashEventKind.FRAUD)
    await bench.unit.mend()
    await bench.cash.refresh()
    assert bench.cash.status.device is DeviceState.FRAUD_ATTEMPT
    await bench.unit.reset()
    await until(lambda: bench.cash.status.ready)


async def test_a_note_that_does_not_come_out(bench: IctBench) -> None:
    bench.unit.faults.inject(IctFault.ONLY_WORDS)
    await bench.feed(1000)
    assert await bench.cash.give_back()
    assert (await bench.event(CashEventKind.JAMMED)).note == Note(1000)
    await until(lambda: bench.cash.status.action is Action.MAINTENANCE)


async def test_bytes_are_traced(bench: IctBench) -> None:
    seen: list[Traced] = []
    with watch(seen.append):
        await bench.cash.refresh()
        await bench.feed(500)
    shown = {(str(traced.way), traced.label, traced.hex()) for traced in seen}
    assert (">", "POLL", "0C") in shown
    assert ("<", "ENABLED", "3E") in shown
    assert ("<", "Escrow") in {(way, label) for way, label, _ in shown}


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with ict_bench(tmp_path):
        pass
    assert asyncio.all_tasks() == before
