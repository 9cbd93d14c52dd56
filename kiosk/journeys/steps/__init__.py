"""What journeys share. Each step returns `Move.ON`, `Move.BACK` to the step before it, or `Move.SKIP`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum


class Move(Enum):
    ON = "on"
    BACK = "back"
    SKIP = "skip"  # nothing to ask here: go on in the direction the resident is going


StepCoroutine = Callable[[], Awaitable[Move]]


async def walk(steps: Sequence[StepCoroutine], at: int = 0, *, forward: bool = True) -> Move:
    """Take the steps in order, from number `at`, going back where a step says so; BACK from the first leaves the
    whole walk. `forward` False: the resident comes back to step `at`, and past it where it has nothing to ask."""
    while at < len(steps):
        move = await steps[at]()
        if move is not Move.SKIP:
            forward = move is Move.ON
        if not forward and at == 0:
            return Move.BACK
        at += 1 if forward else -1
    return Move.ON
