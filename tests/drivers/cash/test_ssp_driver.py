"""The SSP driver on a healthy unit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.cash.port import CashEventKind, Note
from tests.faults.cash_bench import ALL, Bench, ssp_bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with ssp_bench(tmp_path) as bench:
        yield bench


async def test_a_note_is_taken_once(bench: Bench) -> None:
    assert (await bench.feed(1000)).note == Note(1000)
    assert await bench.cash.stack()
    stacked = await bench.event(CashEventKind.STACKED)
    assert (stacked.note, stacked.late, stacked.unsure) == (Note(1000), False, False)
    await bench.quiet()
    assert bench.unit.path.cashbox == [1000]


async def test_a_note_is_given_back(bench: Bench) -> None:
    await bench.feed(5000)
    assert await bench.cash.give_back()
    assert (await bench.event(CashEventKind.RETURNED)).note == Note(5000)
    assert not await bench.cash.stack()
    assert bench.unit.path.out == [5000]
    assert bench.unit.path.cashbox == []


async def test_what_the_unit_takes(bench: Bench) -> None:
    assert [note.value for note in bench.cash.notes] == list(ALL)
    assert "firmware 0330" in bench.cash.status.identity
    assert "1234567" in bench.cash.status.identity
