"""How long the loop was held up: every callback's time, wall clock and processor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Pauses:
    """Milliseconds of each callback of at least `FLOOR_MS`; on a busy machine the wall clock counts other programs."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    worst: str = ""


FLOOR_MS = 0.2


@contextmanager
def watched_loop() -> Iterator[Pauses]:
    """Times every callback of every loop of this process while the block runs."""
    pauses = Pauses()
    run = asyncio.Handle._run

    def timed(handle: Any) -> None:
        wall, processor = time.perf_counter(), time.thread_time()
        run(handle)
        used = (time.thread_time() - processor) * 1000
        if used >= FLOOR_MS:
            if used > max(pauses.processor, default=0.0):
                callback = handle._callback
                owner = getattr(callback, "__self__", None)
                pauses.worst = (
                    owner.get_name() if isinstance(owner, asyncio.Task) else getattr(callback, "__name__", "?")
                )
            pauses.processor.append(used)
        took = (time.perf_counter() - wall) * 1000
        if took >= FLOOR_MS:
            pauses.wall.append(took)

    asyncio.Handle._run = timed  # type: ignore[method-assign, assignment]
    try:
        yield pauses
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign]
