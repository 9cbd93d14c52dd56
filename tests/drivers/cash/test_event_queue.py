"""The queue of events."""

from __future__ import annotations

from drivers.cash.event_queue import EventQueue
from drivers.cash.port import CashEventKind, Note


async def test_a_unit_that_comes_and_goes_is_told_once() -> None:
    queue = EventQueue()
    for _ in range(1000):
        queue.tell(CashEventKind.LOST)
    queue.tell(CashEventKind.CASHBOX_REMOVED)
    assert (await queue.next()).kind is CashEventKind.LOST
    assert (await queue.next()).number == 1001


async def test_old_news_is_dropped_and_notes_are_not() -> None:
    queue = EventQueue()
    kept = {CashEventKind.ESCROWED, CashEventKind.STACKED, CashEventKind.RETURNED}
    for kind in CashEventKind:
        queue.tell(kind)
    queue.tell(CashEventKind.JAMMED, Note(100))
    queue.drop_old_news()
    assert {(await queue.next()).kind for _ in kept} == kept
    assert (await queue.next()).note == Note(100)
