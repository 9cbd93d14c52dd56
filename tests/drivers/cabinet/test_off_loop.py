"""Blocking calls in a thread."""

from __future__ import annotations

import asyncio
import threading

import pytest

from drivers.cabinet.off_loop import HungError, OffLoop


async def test_result_and_error_come_back() -> None:
    calls = OffLoop("test")
    assert await calls.run(lambda: threading.current_thread().name, 5) == "test"
    with pytest.raises(KeyError):
        await calls.run(lambda: {}["x"], 5)


async def test_a_hung_call_is_left_alone_and_no_other_started() -> None:
    calls, mended, started = OffLoop("test"), threading.Event(), []

    def hang() -> None:
        started.append(1)
        mended.wait()

    for _ in range(3):
        with pytest.raises(HungError):
            await calls.run(hang, 0.05)
    assert len(started) == 1
    assert calls.hanging
    mended.set()
    assert await calls.run(lambda: "again", 5) == "again"


async def test_one_at_a_time() -> None:
    calls, busy, most = OffLoop("test"), [0], [0]
    lock = threading.Lock()

    def work() -> None:
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        threading.Event().wait(0.01)
        with lock:
            busy[0] -= 1

    await asyncio.gather(*(calls.run(work, 5) for _ in range(8)))
    assert most[0] == 1


async def test_cancelling_leaves_it_usable() -> None:
    calls, go_on = OffLoop("test"), threading.Event()
    waiting = asyncio.create_task(calls.run(go_on.wait, 5))
    await asyncio.sleep(0.02)
    waiting.cancel()
    await asyncio.wait([waiting])
    go_on.set()
    assert await calls.run(lambda: 1, 5) == 1
