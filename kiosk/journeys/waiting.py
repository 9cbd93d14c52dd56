"""Waiting for whichever comes first: the resident's touch or the machine."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

A = TypeVar("A")
B = TypeVar("B")


async def first_of(one: Coroutine[Any, Any, A], other: Coroutine[Any, Any, B]) -> A | B:
    """The result of the first to finish; the other is cancelled and has ended before this returns."""
    tasks: tuple[asyncio.Task[Any], asyncio.Task[Any]] = (asyncio.ensure_future(one), asyncio.ensure_future(other))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        # Where both are done, the first argument (the resident's own answer) wins.
        winner = tasks[0] if tasks[0] in done else tasks[1]
        result: A | B = winner.result()
        return result
    finally:
        await ended(*tasks)


async def ended(*questions: asyncio.Future[Any]) -> None:
    """Cancel what still runs and wait until it has: the stage takes the next question only then."""
    for question in questions:
        question.cancel()
    await asyncio.gather(*questions, return_exceptions=True)
