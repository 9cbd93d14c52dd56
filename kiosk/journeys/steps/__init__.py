"""What journeys share. Each step returns `Move.ON`, or `Move.BACK` to the step before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum


class Move(Enum):
    ON = "on"
    BACK = "back"


StepCoroutine = Callable[[], Awaitable[Move]]


async def walk(steps: Sequence[StepCoroutine]) -> Move:
    """Take the steps in order, going back where a step says so; BACK from the first leaves the whole walk."""
    at = 0
    while at < len(steps):
        if await steps[at]() is Move.BACK:
            if at == 0:
                return Move.BACK
            at -= 1
        else:
            at += 1
    return Move.ON
