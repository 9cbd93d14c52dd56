"""The mechanics that simulated banknote acceptors share: one note in the path, a cashbox, and what came out again.

A note is an amount in fen. Where each one is, is always known, so that a test can hold what a driver has told against
what is in the box.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from enum import StrEnum
from typing import Any, Generic, TypeVar

F = TypeVar("F", bound=StrEnum)

YUAN = 100


class Place(StrEnum):
    """Where the note in the unit is."""

    EMPTY = "empty"
    READING = "reading"
    ESCROW = "escrow"
    STACKING = "stacking"
    CREDITED = "credited"  # out of everybody's reach, not yet in the cashbox
    REJECTING = "rejecting"
    STUCK = "stuck"


class NoteMechanics:
    """Motors and the box. One movement at a time: `move` replaces the one before."""

    def __init__(self, speed: float, on_event: Callable[[str], None]) -> None:
        self.cashbox: list[int] = []
        self.out: list[int] = []
        self.note: int | None = None
        self.place = Place.EMPTY
        self._speed = speed
        self._on_event = on_event
        self._moving: asyncio.Task[None] | None = None

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)

    def move(self, movement: Coroutine[Any, Any, None]) -> None:
        self.stand_still()
        self._moving = asyncio.create_task(movement, name="virtual-note-path")

    def stand_still(self) -> None:
        if self._moving is not None and self._moving is not asyncio.current_task():
            self._moving.cancel()

    async def halt(self) -> None:
        if self._moving is not None:
            self._moving.cancel()
            with suppress(asyncio.CancelledError):
                await self._moving
            self._moving = None

    def draw_in(self, fen: int) -> None:
        self.note, self.place = fen, Place.READING
        self._on_event(f"note of {fen // YUAN} yuan drawn in")

    def drop_into_box(self) -> None:
        self._leave(self.cashbox, "in the cash box")

    def come_out(self, how: str = "returned") -> None:
        self._leave(self.out, how)

    def _leave(self, to: list[int], how: str) -> None:
        if self.note is not None:
            to.append(self.note)
            self._on_event(f"note of {self.note // YUAN} yuan {how}")
        self.note, self.place = None, Place.EMPTY
        self.stand_still()


class Faults(Generic[F]):
    """What was broken on purpose."""

    def __init__(self, on_event: Callable[[str], None]) -> None:
        self._times: dict[F, int | None] = {}
        self._on_event = on_event

    def __contains__(self, fault: F) -> bool:
        return fault in self._times

    @property
    def names(self) -> list[str]:
        return sorted(fault.value for fault in self._times)

    def inject(self, fault: F, times: int | None = None) -> None:
        """From now on, or for the next `times` moments that it can spoil."""
        self._times[fault] = times
        self._on_event(f"fault: {fault.value}")

    def clear(self, fault: F | None = None) -> None:
        """Mend one fault, or all."""
        if fault is None:
            self._times.clear()
        else:
            self._times.pop(fault, None)
        self._on_event("faults cleared" if fault is None else f"fault cleared: {fault.value}")

    def take(self, fault: F) -> bool:
        """Whether `fault` is on, using up one of its times."""
        if fault not in self._times:
            return False
        times = self._times[fault]
        if times is not None and times <= 1:
            del self._times[fault]
        elif times is not None:
            self._times[fault] = times - 1
        return True
