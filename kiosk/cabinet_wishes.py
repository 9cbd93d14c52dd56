"""What the kiosk wishes of the cabinet's outputs, carried out behind the resident's back: nobody waits for a lamp."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger()
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Wishes(Generic[K, V]):
    """The newest wish for each output, one at a time. A cabinet that is slow delays nobody; what it raises is
    logged and forgotten."""

    def __init__(self, name: str, carry_out: Callable[[K, V], Awaitable[None]]) -> None:
        self._name = name
        self._carry_out = carry_out
        self._open: dict[K, V] = {}
        self._task: asyncio.Task[None] | None = None

    def wish(self, output: K, value: V) -> None:
        self._open[output] = value
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=f"cabinet {self._name}")

    async def settled(self) -> None:
        """Returns when nothing is open any more."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        while self._open:
            output = next(iter(self._open))
            value = self._open.pop(output)
            try:
                await self._carry_out(output, value)
            except Exception as error:  # noqa: BLE001 - comfort only: the resident's matter goes on
                log.warning("cabinet_wish_failed", output=self._name, error=type(error).__name__)
