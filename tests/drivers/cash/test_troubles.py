"""Who has to come, and for how long."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drivers.cash.port import CashEventKind
from drivers.cash.troubles import Trouble, TroubleBook
from drivers.status import Action, DeviceState
from drivers.virtual.ict104 import IctFault
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, ICT_TIMINGS, ict_bench


@pytest.fixture
def book() -> TroubleBook:
    book = TroubleBook()
    book.add(Trouble.UNCOUNTED)
    return book


def test_a_note_of_unknown_fate_calls_a_clerk_and_stops_nobody(book: TroubleBook) -> None:
    status = book.status("", {})
    assert (status.device, status.action, status.ready) == (DeviceState.ONLINE, Action.CLEAR, True)
    assert "cash box" in status.detail
    assert not book.blocking
    book.add(Trouble.CASHBOX_REMOVED)
    assert book.blocking
    assert book.status("", {}).action is Action.MAINTENANCE, "the gravest shows"


def test_it_stays_until_the_box_was_out_or_the_driver_is_opened_anew(book: TroubleBook) -> None:
    for _ in range(20):
        book.end_of_reply()
    book.restarted()
    assert Trouble.UNCOUNTED in book
    book.cashbox_is_back()
    assert Trouble.UNCOUNTED not in book
    book.add(Trouble.UNCOUNTED)
    book.clear()
    assert Trouble.UNCOUNTED not in book


async def test_ict104(tmp_path: Path) -> None:
    async with ict_bench(tmp_path, timings=replace(ICT_TIMINGS, accept=0.5)) as bench:
        await bench.feed(2000)
        bench.unit.faults.inject(IctFault.LOST_REPLY, 1)
        assert await bench.cash.stack()
        await bench.event(CashEventKind.JAMMED)
        await until(lambda: bench.cash.status.action is Action.CLEAR)
        assert await bench.cash.enable(ALL)
        await bench.feed(500)
        assert await bench.cash.stack()
        await bench.event(CashEventKind.STACKED)
        assert bench.cash.status.action is Action.CLEAR, "the next note does not count the box"
        await bench.unit.reset()
        await bench.event(CashEventKind.LOST)
        await until(lambda: bench.unit._enabled is False and bench.unit._greeted)
        await bench.cash.refresh()
        assert bench.cash.status.action is Action.CLEAR, "nor does a power cut"
        await bench.unit.remove_cashbox()
        await bench.event(CashEventKind.CASHBOX_REMOVED)
        await bench.unit.mend()
        await bench.event(CashEventKind.CASHBOX_REPLACED)
        await until(lambda: bench.cash.status.action is Action.NONE)
