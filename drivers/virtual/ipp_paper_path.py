"""What goes on inside the simulated IPP printer: trays, an engine that takes its time, and what goes wrong in it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

A4_X, A4_Y = 21000, 29700  # hundredths of a millimetre


@dataclass
class SimTray:
    """`level` -2: it has no sensor; -3: at least one sheet."""

    name: str
    level: int = 250
    capacity: int = 250
    media_type: str = "stationery"


@dataclass
class Job:
    """`source`: the tray it asks for, "" for the first. `sheets`: what the printer says are out."""

    name: str
    octets: int
    state: int = 5
    reasons: list[str] = field(default_factory=lambda: ["job-printing"])
    sheets: int = 0
    forgotten: bool = False
    document: bytes = b""
    pages: int = 1
    source: str = ""
    media_type: str = ""


@dataclass(frozen=True)
class Trouble:
    """Before sheet `sheet` (from 1) of the next job the printer stops with these reasons, until it is mended.
    `printer_state` 5 is stopped; some printers stay at 4, processing."""

    reasons: tuple[str, ...]
    sheet: int = 1
    printer_state: int = 5


class Engine:
    """Prints one job after the other. `sheet_s`: seconds a sheet takes. `dead`: jobs are completed and no sheet comes
    out; `honest` False: it counts them all the same. `ends_with_errors`: job-completed-with-errors."""

    def __init__(self, sheet_s: float = 0.02) -> None:
        self.sheet_s = sheet_s
        self.trouble: Trouble | None = None
        self.dead = False
        self.honest = True
        self.ends_with_errors = False
        self.out = 0  # sheets that really lie in the output tray
        self._mended = asyncio.Event()

    def mend(self) -> None:
        """Clear whatever it stopped for, or would stop for."""
        self.trouble = None
        self._mended.set()

    async def until_mended(self) -> None:
        self._mended.clear()
        await self._mended.wait()
