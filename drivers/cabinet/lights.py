"""The light strip that guides the hand to the reader, the slot, the tray."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from drivers.cabinet.line_port import LineId, LineOpener, Lines, OutputLine
from drivers.cabinet.lines_part import LinesPart
from drivers.cabinet.port import Light
from drivers.link.supervise import Backoff


@dataclass(frozen=True)
class LightLine:
    line: LineId
    active_high: bool = True


class LightsPart(LinesPart):
    """Keeps what is wanted and shows it as soon as the lines are there."""

    name = "lights"
    check_s = 2.0  # whether the box is still there

    def __init__(self, opener: LineOpener, lights: Mapping[Light, LightLine], backoff: Backoff) -> None:
        super().__init__(opener, backoff)
        self._lights = lights
        self._wanted = dict.fromkeys(lights, False)
        self._shown: dict[Light, bool] = {}
        self._asked = asyncio.Event()
        self._shown_all = asyncio.Event()

    @property
    def present(self) -> tuple[Light, ...]:
        return tuple(self._lights)

    async def close(self) -> None:
        self._wanted = dict.fromkeys(self._lights, False)
        await self._until_shown(patience_s=1.0)
        await super().close()

    async def set_light(self, light: Light, on: bool) -> None:
        """Returns when it shines, or when that takes longer than it should; never raises."""
        if light not in self._lights:
            return
        self._wanted[light] = on
        await self._until_shown(patience_s=1.0)

    async def _until_shown(self, patience_s: float) -> None:
        if self._keeper is None or self.trouble is not None:
            return  # it is lit when the lines are back
        self._shown_all.clear()
        self._asked.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._shown_all.wait(), patience_s)

    async def _take(self) -> Lines:
        self._shown = {}
        outputs = {wired.line: OutputLine(self._level(light)) for light, wired in self._lights.items()}
        taken = dict(self._wanted)
        lines = await self._opener({}, outputs)
        self._shown = taken
        return lines

    async def _serve(self, lines: Lines) -> None:
        self._told()
        lost = asyncio.ensure_future(lines.changes())  # outputs have none: it ends when the lines are lost
        try:
            await self._show(lines, lost)
        finally:
            lost.cancel()
            await asyncio.gather(lost, return_exceptions=True)

    async def _show(self, lines: Lines, lost: asyncio.Future[Any]) -> None:
        while True:
            self._asked.clear()
            for light, on in self._wanted.items():
                if self._shown.get(light) is not on:
                    await lines.set_level(self._lights[light].line, on == self._lights[light].active_high)
                    self._shown[light] = on
            if self._shown == self._wanted:
                self._shown_all.set()
            asked = asyncio.ensure_future(self._asked.wait())
            try:
                await asyncio.wait([asked, lost], timeout=self.check_s, return_when=asyncio.FIRST_COMPLETED)
            finally:
                asked.cancel()
            if lost.done():
                await lost
            if not self._asked.is_set():
                await lines.levels()

    def _forget(self) -> None:
        self._shown = {}
        self._shown_all.set()  # nobody need wait

    def _level(self, light: Light) -> bool:
        return self._wanted[light] == self._lights[light].active_high
