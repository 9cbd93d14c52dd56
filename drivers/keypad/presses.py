"""Key events to key presses: bounce, keys held down, keys that are stuck. No I/O here.

EN 301 549 5.7 and 5.8: a key held down repeats late and slowly, and a finger that trembles presses once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from drivers.keypad.port import Key, KeyPress
from drivers.link.input_events import DOWN, UP, InputEvent


@dataclass(frozen=True)
class KeyTimings:
    """Seconds."""

    repeat_delay: float = 2.0  # held for this long, a key begins to repeat
    repeat_interval: float = 0.5  # between two repetitions
    double_strike: float = 0.05  # the same key again so soon after it was let go is the same press
    stuck: float = 10.0  # nobody holds a key that long
    forget: float = 2.0  # a key pressed while nobody waited does not count later


@dataclass
class _Held:
    since: float
    last: float  # when it counted last
    silent: bool = False  # repeats nothing: it was held before we came


class KeyPresses:
    """Follows every key. Time is the device's own (`InputEvent.at`) for presses, the caller's for `stuck`."""

    def __init__(self, meaning: Mapping[int, Key], timings: KeyTimings) -> None:
        self._meaning = meaning
        self._timings = timings
        self._held: dict[int, _Held] = {}
        self._released: dict[int, float] = {}  # when each key was last let go, of keys that counted
        self._watched: dict[int, float] = {}  # caller's time at which each key was first seen held
        self.counters: Counter[str] = Counter(keys_pressed=0, keys_unknown=0, keys_bounced=0, events_lost=0)
        self.unknown: int | None = None  # the last key without meaning

    def reset(self) -> None:
        """Nothing is held: another keypad, or events were lost."""
        self._held.clear()
        self._released.clear()
        self._watched.clear()
        self.unknown = None

    def feed(self, event: InputEvent, now: float) -> KeyPress | None:
        if event.is_gap:
            self.counters["events_lost"] += 1
            self.reset()
        if not event.is_key:
            return None
        if event.value == UP:
            self._up(event)
            return None
        self._watched.setdefault(event.code, now)
        return self._down(event) if event.value == DOWN else self._repeat(event)

    def stuck(self, now: float) -> list[Key | None]:
        """Keys held down for too long; None for one without meaning."""
        limit = self._timings.stuck
        return [self._meaning.get(code) for code, since in self._watched.items() if now - since >= limit]

    def next_check(self, now: float) -> float | None:
        """Seconds until a key that is held now may have become stuck; None: none will."""
        limit = self._timings.stuck
        left = [since + limit - now for since in self._watched.values() if now - since < limit]
        return max(0.0, min(left)) if left else None

    def _down(self, event: InputEvent) -> KeyPress | None:
        key = self._meaning.get(event.code)
        if key is None:
            self.counters["keys_unknown"] += 1
            self.unknown = event.code
            return None
        before = self._released.get(event.code)
        bounced = before is not None and 0 <= event.at - before < self._timings.double_strike
        self._held[event.code] = _Held(event.at, event.at)
        self.counters["keys_bounced" if bounced else "keys_pressed"] += 1
        return None if bounced else KeyPress(key)

    def _repeat(self, event: InputEvent) -> KeyPress | None:
        key, held = self._meaning.get(event.code), self._held.get(event.code)
        if key is None:
            return None
        if held is None:  # was held down before we came
            self._held[event.code] = _Held(event.at, event.at, silent=True)
            return None
        due = event.at - held.since >= self._timings.repeat_delay
        if held.silent or not due or event.at - held.last < self._timings.repeat_interval:
            return None
        if event.at - held.since >= self._timings.stuck:
            return None
        held.last = event.at
        return KeyPress(key, repeated=True)

    def _up(self, event: InputEvent) -> None:
        self._watched.pop(event.code, None)
        held = self._held.pop(event.code, None)
        if held is not None:
            self._released[event.code] = event.at
