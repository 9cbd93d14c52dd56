"""Blocking calls that may never come back: a dying disk, a stuck bus."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


class HungError(Exception):
    """The call did not come back in time; it may still be hanging in its thread."""


class OffLoop:
    """Runs blocking calls in a thread, one at a time.

    Not an executor: a call that hangs for ever must not keep the program from ending (the thread is a daemon), nor
    use up the threads of others, nor pile up: while one hangs no other is started.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._turn = asyncio.Lock()
        self._running: asyncio.Future[tuple[object, BaseException | None]] | None = None

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

    def _start(self, work: Callable[[], object]) -> asyncio.Future[tuple[object, BaseException | None]]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[object, BaseException | None]] = loop.create_future()

        def body() -> None:
            result: object = None
            failure: BaseException | None = None
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - handed to the caller
                failure = error
            with suppress(RuntimeError):  # the loop ended while we hung
                loop.call_soon_threadsafe(future.set_result, (result, failure))

        threading.Thread(target=body, name=self._name, daemon=True).start()
        return future
