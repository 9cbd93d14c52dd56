"""What becomes of a note when power, link or the kiosk goes in the middle: told once, counted once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from drivers.cash.port import CashEventKind, Note
from drivers.cash.ssp_driver import SspAcceptor
from drivers.virtual.itl_ssp import VirtualSspValidator
from drivers.virtual.itl_ssp_faults import SspFault
from drivers.virtual.note_path import Place
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, SPEED, Bench, ssp_bench, ssp_settings

SspBench = Bench[VirtualSspValidator]


async def ordered(bench: SspBench, place: Place) -> None:
    """A note of 20 yuan is on its way into the box, so far."""
    await bench.feed(2000)
    assert await bench.cash.stack()
    await until(lambda: bench.unit.path.place is place)


@pytest.mark.parametrize(("where", "told"), [("cashbox", CashEventKind.STACKED), ("front", CashEventKind.RETURNED)])
async def test_power_cut_before_the_credit(tmp_path: Path, where: str, told: CashEventKind) -> None:
    async with ssp_bench(tmp_path, speed=8) as bench:
        await ordered(bench, Place.STACKING)
        await bench.unit.reset(clear_to=where)
        await bench.event(CashEventKind.LOST)
        event = await bench.event(told)
        assert (event.note, event.late, event.unsure) == (Note(2000), True, False)
        await bench.quiet()


async def test_power_cut_after_the_credit_counts_once(tmp_path: Path) -> None:
    """The unit finds the note in its path and says so; it is the one that was counted."""
    async with ssp_bench(tmp_path, speed=8) as bench:
        await ordered(bench, Place.CREDITED)
        await bench.event(CashEventKind.STACKED)
        if bench.unit.path.place is Place.CREDITED:
            await bench.unit.reset()
        else:  # a slow machine: the note was in the box already
            bench.unit.unplug()
            bench.unit.replug()
        await bench.event(CashEventKind.LOST)
        await until(lambda: bench.cash.status.ready and bench.unit.path.note is None)
        await bench.quiet()
        assert bench.unit.path.cashbox == [2000]


async def test_power_cut_between_the_credit_and_its_telling(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path, speed=8) as bench:
        await bench.feed(2000)
        assert await bench.cash.stack()
        bench.unit.faults.inject(SspFault.SILENT)
        await until(lambda: bench.unit.path.place is Place.CREDITED)
        await bench.unit.reset()
        bench.unit.faults.clear()
        await bench.next_of(CashEventKind.STACKED)
        await until(lambda: bench.unit.path.note is None)
        await bench.quiet()
        assert bench.unit.path.cashbox == [2000]


async def test_reset_with_a_note_in_escrow(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path) as bench:
        await bench.feed(2000)
        await bench.unit.reset()
        await bench.event(CashEventKind.LOST)
        returned = await bench.event(CashEventKind.RETURNED)
        assert (returned.note, returned.late) == (Note(2000), True)
        await until(lambda: bench.cash.status.ready)
        assert await bench.cash.enable(ALL)
        await bench.feed(500)


async def test_the_reply_with_the_credit_is_lost_with_the_link(tmp_path: Path) -> None:
    """The unit thinks it has told. Asked again with the old sequence flag it repeats, so the note is counted."""
    async with ssp_bench(tmp_path) as bench:
        await bench.feed(2000)
        bench.unit.faults.inject(SspFault.LOST_CREDIT)
        assert (await asyncio.gather(bench.cash.stack(), _pull_when_done(bench.unit)))[0]
        await bench.event(CashEventKind.LOST)
        bench.unit.faults.clear()
        bench.unit.replug()
        stacked = await bench.event(CashEventKind.STACKED)
        assert (stacked.note, stacked.late) == (Note(2000), True)
        await bench.quiet()


async def _pull_when_done(unit: VirtualSspValidator) -> None:
    """The cable goes right after a poll whose reply nobody heard had the credit in it."""
    await until(lambda: unit.credits_told)
    unit.unplug()


async def test_another_note_comes_out_after_the_credit_was_lost(tmp_path: Path) -> None:
    """The reply with the credit never arrives; another note of the same value is drawn in; then the power goes, and the
    unit tells that a note came out. That was the second: nothing tells any more what became of the first."""
    async with ssp_bench(tmp_path) as bench:
        await bench.feed(2000)
        bench.unit.faults.inject(SspFault.LOST_CREDIT)
        assert (await asyncio.gather(bench.cash.stack(), _pull_when_done(bench.unit)))[0]
        await bench.event(CashEventKind.LOST)
        await until(lambda: bench.unit.path.note is None)
        assert bench.unit.insert(2000)
        await until(lambda: bench.unit.path.place is Place.ESCROW)
        bench.unit.faults.clear()
        await bench.unit.power_off()
        bench.unit.replug()
        bench.unit.power_on(clear_to="front")
        jammed = await bench.event(CashEventKind.JAMMED)
        assert (jammed.note, jammed.late) == (Note(2000), True)
        await bench.quiet()
        assert (bench.unit.path.cashbox, bench.unit.path.out) == ([2000], [2000])


async def test_unplugged_while_stacking(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path) as bench:
        await bench.feed(2000)
        assert await bench.cash.stack()
        bench.unit.unplug()
        seen = await bench.event()
        if seen.kind is CashEventKind.LOST:
            await until(lambda: bench.unit.path.cashbox == [2000])
            bench.unit.replug()
            seen = await bench.event(CashEventKind.STACKED)
            assert seen.late
        assert seen.kind is CashEventKind.STACKED


async def test_a_unit_that_forgot_everything(tmp_path: Path) -> None:
    """Link lost while a note is stacked, another unit put in: nobody will tell. Somebody has to look."""
    async with ssp_bench(tmp_path) as bench:
        await bench.feed(2000)
        assert await bench.cash.stack()
        await bench.unit.stop()
        events = [await bench.event()]
        other = VirtualSspValidator(bench.unit.pty.path, speed=SPEED)
        await other.start()
        if events[0].kind is CashEventKind.LOST:
            jammed = await bench.event(CashEventKind.JAMMED)
            assert (jammed.note, jammed.late) == (Note(2000), True)
            await until(lambda: bench.cash.status.counters["notes_unknown"] == 1)
            assert bench.cash.status.ready
        await other.stop()


async def dead_kiosk(bench: SspBench) -> None:
    """The process is gone: nothing is said to the unit any more."""
    cash = bench.cash
    assert isinstance(cash, SspAcceptor)
    cash._live = False  # so that closing is as wordless as dying
    await cash.close()


async def test_a_new_kiosk_hears_of_the_credit_the_old_one_missed(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path) as bench:
        await bench.feed(2000)
        assert await bench.cash.stack()
        await dead_kiosk(bench)
        if bench.seen[-1].kind is CashEventKind.STACKED:
            return  # a slow machine: the old one had heard
        await until(lambda: bench.unit.path.cashbox == [2000])
        new = SspAcceptor(ssp_settings(bench.unit.pty.path))
        await new.open()
        async with asyncio.timeout(20):
            event = await new.next_event()
        assert (event.kind, event.note, event.late, event.unsure) == (CashEventKind.STACKED, Note(2000), True, False)
        assert event.number == 1
        await new.close()


async def test_a_new_kiosk_stacks_nothing_by_looking(tmp_path: Path) -> None:
    """A note waits in escrow when the kiosk dies. The first poll of the new one would take it."""
    async with ssp_bench(tmp_path) as bench:
        await bench.feed(2000)
        await dead_kiosk(bench)
        new = SspAcceptor(ssp_settings(bench.unit.pty.path))
        await new.open()
        await until(lambda: bench.unit.path.out == [2000])
        await until(lambda: new.status.ready)
        assert bench.unit.path.cashbox == []
        await new.close()


async def test_mains_cut_kiosk_and_unit_start_anew(tmp_path: Path) -> None:
    """The new kiosk cannot know whether the old one had counted the note: it says so, and the journal knows."""
    async with ssp_bench(tmp_path, speed=8) as bench:
        await ordered(bench, Place.STACKING)
        await bench.unit.power_off()
        await dead_kiosk(bench)
        bench.unit.power_on()
        new = SspAcceptor(ssp_settings(bench.unit.pty.path))
        await new.open()
        async with asyncio.timeout(20):
            event = await new.next_event()
        assert (event.kind, event.note, event.late, event.unsure) == (CashEventKind.STACKED, Note(2000), True, True)
        await new.close()
