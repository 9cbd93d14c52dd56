"""The way to the backend: who may say that it is there, and when it has to be asked for itself.

Asking every few seconds is what a fleet cannot afford: 57,705 kiosks would ask 29,000 times a second. The heartbeat and
the long poll hold connections anyway and hear at once when they break; only where they cannot say is `hello` asked.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from enum import StrEnum

_ALONE_S = 2.0  # where no agent holds a connection: a bench, a single terminal
_UNWATCHED_S = 15.0  # the desk answers, but the long poll is not there just now
_FIRST_S = 1.5  # after a broken connection, by chance: a desk that restarts breaks all of them
_BASE_S = 2.0
_MOST_S = 15.0
_TRIES = 2  # silent answers in a row before the backend counts as gone; a broken connection is the first


class Line(StrEnum):
    WATCHED = "watched"  # a connection is open that would break with it
    UNWATCHED = "unwatched"  # the desk was heard, but nothing is open now
    DOUBTFUL = "doubtful"  # one has just broken, or was not answered


class Reachability:
    """Whether the backend can be reached, and when to ask. `clock`: seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, chance: random.Random | None = None) -> None:
        self._clock = clock
        self._chance = chance or random.SystemRandom()
        self._line: Line | None = None  # None: nobody watches
        self._silent = _TRIES  # nothing starts before the first answer
        self._failures = 0
        self._due = clock()

    @property
    def reachable(self) -> bool:
        return self._silent < _TRIES

    @property
    def watched(self) -> bool:
        """Somebody else holds connections, so ours need not stay."""
        return self._line is not None

    @property
    def due(self) -> bool:
        """`hello` is to be asked now."""
        if self._line is Line.WATCHED and self._silent == 0:
            return False
        return self._clock() >= self._due

    def line(self, line: Line) -> None:
        """What the connections that are always open say."""
        self._line = line
        if line is Line.DOUBTFUL:
            self.doubt()

    def answered(self) -> None:
        """The desk was heard on one of them: if the backend was gone, it may be back."""
        if self._silent:
            self._in(0.0)

    def doubt(self) -> None:
        """A request was not answered."""
        if self._silent == 0:
            self._silent, self._failures = 1, 0
            self._in(self._chance.uniform(0.0, _FIRST_S))

    def heard(self, answered: bool) -> None:
        """How a `hello` went."""
        if answered:
            self._silent = self._failures = 0
            self._in(_ALONE_S if self._line is None else _UNWATCHED_S * self._chance.uniform(0.7, 1.3))
            return
        self._silent += 1
        self._failures += 1
        most = min(_MOST_S, _BASE_S * 2.0 ** max(0, self._failures - 2))
        self._in(most if self._line is None and most <= _BASE_S else self._chance.uniform(most / 2, most))

    def _in(self, seconds: float) -> None:
        self._due = self._clock() + seconds
