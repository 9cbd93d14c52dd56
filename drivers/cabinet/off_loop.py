"""Blocking calls that may never come back: a dying disk, a stuck bus."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
Answer = tuple[object, BaseException | None]
Job = tuple[Callable[[], object], asyncio.Future[Answer]]
IDLE_S = 5.0  # without work the thread ends


class HungError(Exception):
    """The call did not come back in time; it may still be hanging in its thread."""


class OffLoop:
    """Runs blocking calls in a thread, one at a time.

    Not an executor: a call that hangs for ever must not keep the program from ending (the thread is a daemon), nor
    use up the threads of others, nor pile up: while one hangs no other is started. The thread is kept for a few
    seconds, for starting one costs more than most of the calls.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._turn = asyncio.Lock()
        self._running: asyncio.Future[Answer] | None = None
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._alive = False

    async def run(self, work: Callable[[], T], timeout_s: float) -> T:
        """What `work` returns or raises; HungError after `timeout_s`. Cancelling does not stop the work."""
        async with self._turn:
            if self._running is not None and not self._running.done():
                await asyncio.wait([self._running], timeout=timeout_s)
                if not self._running.done():
                    raise HungError(f"{self._name}: an earlier call still hangs")
            self._running = self._start(work)
            await asyncio.wait([self._running], timeout=timeout_s)
            if not self._running.done():
                raise HungError(f"{self._name}: no answer in {timeout_s:g} s")
            result, error = self._running.result()
            if error is not None:
                raise error
            return result  # type: ignore[return-value]  # what `work` returned

    @property
    def hanging(self) -> bool:
        return self._running is not None and not self._running.done()

    def when_idle(self, then: Callable[[], object]) -> None:
        """Call `then` on the loop: now, or when the call that is running has come back."""
        if self._running is None or self._running.done():
            then()
        else:
            self._running.add_done_callback(lambda answer: then())

    def _start(self, work: Callable[[], object]) -> asyncio.Future[Answer]:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        with self._guard:
            self._jobs.put((work, future))
            if not self._alive:
                self._alive = True
                threading.Thread(target=self._serve, name=self._name, daemon=True).start()
        return future

    def _serve(self) -> None:
        while True:
            try:
                work, future = self._jobs.get(timeout=IDLE_S)
            except queue.Empty:
                with self._guard:
                    if self._jobs.empty():
                        self._alive = False
                        return
                continue
            result: object = None
            failure: BaseException | None = None
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - handed to the caller
                failure = error
            with suppress(RuntimeError):  # the loop ended while we hung
                future.get_loop().call_soon_threadsafe(future.set_result, (result, failure))
            del work, future, result, failure  # nothing of one call is kept until the next
