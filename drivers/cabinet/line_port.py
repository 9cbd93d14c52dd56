"""What the cabinet asks of whatever its wires lead to: a GPIO chip of the kernel, or a box behind a socket.

Levels are electrical here, True is high; which level means "open" is the business of `sensors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

LineId = int | str  # offset on the chip, or the name its device tree gives the line


class Pull(StrEnum):
    """What an input reads when nothing is connected: up is high. A normally-closed loop to ground needs `up`."""

    UP = "up"
    DOWN = "down"
    NONE = "none"


@dataclass(frozen=True)
class InputLine:
    pull: Pull = Pull.UP
    debounce_s: float = 0.0  # by the chip or the kernel, where they can


@dataclass(frozen=True)
class OutputLine:
    high: bool = False  # from the moment the line is ours


class Lines(Protocol):
    """Lines of one chip, held for us alone. LinkLost from every method once the chip is gone. One caller at a time."""

    async def levels(self) -> Mapping[LineId, bool]:
        """The inputs, read now."""

    async def changes(self) -> list[tuple[LineId, bool]]:
        """Wait for edges of inputs; those that came since, in order. Some may have been left out when they came too
        fast, so look at `levels` from time to time. Waits for ever where the chip cannot tell edges."""

    async def set_level(self, line: LineId, high: bool) -> None:
        """An output; returns when it is set."""

    async def close(self) -> None:
        """Give the lines free."""


class LineOpener(Protocol):
    async def __call__(self, inputs: Mapping[LineId, InputLine], outputs: Mapping[LineId, OutputLine]) -> Lines:
        """Take the lines. LinkLost with a sentence for the technician: no chip, no such line, held by another."""
