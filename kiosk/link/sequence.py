"""The number of every heartbeat: grows for the kiosk's whole life, and is on the disk before it is used.

A desk that hears a smaller number than before takes it for a second machine with the same identity.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from kiosk.link.files import write_whole

log = structlog.get_logger()

_HIGHEST = 2**53  # what the wire takes
BLOCK = 100  # numbers reserved with one write: the disk is not written with every heartbeat


class Sequence:
    """`wall`: seconds since 1970. A lost or damaged file begins there: a kiosk never sends one heartbeat a second, so
    that is beyond everything it has sent."""

    def __init__(self, path: Path, wall: Callable[[], float] = time.time) -> None:
        self._path = path
        self._wall = wall
        self._last = self._end = self._reserved()

    def next(self) -> int:
        """The next number. Raises OSError when it cannot be reserved; then nothing may be sent."""
        if self._last >= self._end:
            self._reserve(self._last + BLOCK)
        self._last += 1
        return self._last

    def jump(self, beyond: int | None = None) -> None:
        """The desk knows a later number than ours: this disk is older than it was (put back from a copy), or the file
        was lost while the clock stood at 1970. `beyond`: that number, if the desk names it; else the clock has to do.
        """
        if beyond is None or not 0 <= beyond < _HIGHEST - BLOCK:
            beyond = int(self._wall())
        self._last = max(self._last, self._end, beyond)

    def _reserve(self, end: int) -> None:
        write_whole(self._path, f"{end}\n".encode())
        self._end = end

    def _reserved(self) -> int:
        try:
            end = int(self._path.read_text("ascii"))
            if 0 < end < _HIGHEST:
                return end
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            log.error("sequence_lost", error=type(error).__name__)
        return max(0, int(self._wall()))
