"""What the two parts with wires share: take the lines, keep them, take them again when they were lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from drivers.cabinet.gpiod_lines import open_gpiod_lines
from drivers.cabinet.line_port import InputLine, LineId, LineOpener, Lines, OutputLine
from drivers.cabinet.part import Trouble, broken
from drivers.cabinet.socket_lines import open_socket_lines
from drivers.link.stream import LinkLost
from drivers.link.supervise import Backoff, end_supervision, keep_connected

_SOCKET = "unix:"


def opener_for(chip: str) -> LineOpener:
    """`/dev/gpiochip0`, a stable name udev gives it, or `unix:/run/box.sock`."""

    async def take(inputs: Mapping[LineId, InputLine], outputs: Mapping[LineId, OutputLine]) -> Lines:
        if chip.startswith(_SOCKET):
            return await open_socket_lines(chip.removeprefix(_SOCKET), inputs, outputs)
        return await open_gpiod_lines(chip, inputs, outputs)

    return take


class LinesPart:
    """A `Part` that holds lines. A subclass has `_take` and `_serve`."""

    name = ""

    def __init__(self, opener: LineOpener, backoff: Backoff) -> None:
        self._opener = opener
        self._backoff = backoff
        self._keeper: asyncio.Task[None] | None = None
        self._changed: Callable[[], None] = lambda: None
        self.known = False
        self.trouble: Trouble | None = None
        self.counters: dict[str, int] = {}
        self.identity = ""

    async def open(self, changed: Callable[[], None]) -> None:
        if self._keeper is None:
            self._changed = changed
            self.known = False
            self._keeper = keep_connected(f"cabinet {self.name}", self._take, self._serve, self._on_lost, self._backoff)

    async def close(self) -> None:
        await end_supervision(self._keeper)
        self._keeper = None

    async def refresh(self) -> None:
        """Edges are told as they come."""

    async def _take(self) -> Lines:
        raise NotImplementedError

    async def _serve(self, lines: Lines) -> None:
        """Hold the lines until they are lost; call `_told` as soon as they have said what there is to say."""
        raise NotImplementedError

    def _forget(self) -> None:
        """What the lines said is no longer known."""

    def _told(self) -> None:
        """Only now is the part well: a board that takes the lines and then says nothing of them is a broken one."""
        self.trouble = None
        self.known = True
        self._changed()

    def _on_lost(self, reason: LinkLost) -> None:
        self.trouble = broken(f"{self.name}: {reason}")
        self.known = True
        self._forget()
        self._changed()
