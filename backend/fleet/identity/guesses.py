"""How fast wrong enrolment codes may be tried.

Not by address: a whole county may come from one. A code has 135 random bits, so nobody guesses one: a code that is
open is let through whatever others try, or strangers could stop every enrolment. This keeps the load of trying away,
in each process for itself. Wrong guesses are counted by the code's first letters (whoever has seen a part of a code
guesses there) and all together; what goes wrong with an open code, by that code alone. Mistyped codes fail their
check letter and are not counted.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

PREFIX = 4  # letters
_REMEMBERED = 4096  # of what was guessed


@dataclass
class _Bucket:
    """`size` tokens at most, `per_s` new ones a second."""

    size: float
    per_s: float
    left: float
    at: float

    def refill(self, now: float) -> float:
        self.left = min(self.size, self.left + max(0.0, now - self.at) * self.per_s)
        self.at = now
        return self.left


class Guesses:
    """`one_size` wrong tries under one name, then one every `one_pause_s`; `all_size` in all, then `all_per_s`."""

    def __init__(
        self,
        one_size: int = 10,
        one_pause_s: float = 60.0,
        all_size: int = 200,
        all_per_s: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._one = (float(one_size), 1 / one_pause_s)
        self._all = _Bucket(all_size, all_per_s, all_size, clock())
        self._names: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, code: str, *, is_open: bool = False) -> int:
        """Seconds until this code is answered; 0: now."""
        now = self._clock()
        waits = [0 if is_open else _wait(self._all, now)]
        bucket = self._names.get(_name(code, is_open))
        if bucket is not None:
            waits.append(_wait(bucket, now))
        return max(waits)

    def wrong(self, code: str, *, is_open: bool = False) -> None:
        """It was tried and is none; or it is open, and what came with it was wrong."""
        now = self._clock()
        size, per_s = self._one
        name = _name(code, is_open)
        bucket = self._names.setdefault(name, _Bucket(size, per_s, size, now))
        self._names.move_to_end(name)
        while len(self._names) > _REMEMBERED:
            self._names.popitem(last=False)
        for each in (bucket,) if is_open else (bucket, self._all):
            each.refill(now)
            each.left = max(0.0, each.left - 1)


def _name(code: str, is_open: bool) -> str:
    """What is counted together; an open code does not lie about in memory."""
    return hashlib.sha256(code.encode()).hexdigest() if is_open else code[:PREFIX]


def _wait(bucket: _Bucket, now: float) -> int:
    left = bucket.refill(now)
    return 0 if left >= 1 else int((1 - left) / bucket.per_s) + 1
