"""Contacts bounce: from raw levels to what a person would say the door does. Times are in seconds of any monotonic
clock; nothing here waits."""

from __future__ import annotations

from typing import Protocol


class Filter(Protocol):
    active: bool | None  # None: nothing heard yet

    def feed(self, raw: bool, now: float) -> None:
        """The contact is like this now."""

    def look(self, now: float) -> None:
        """Time has passed."""

    def due(self) -> float | None:
        """When to look again, if no contact moves before; None: never."""


class Settled:
    """A door: a new level counts once it has held for `settle_s`. The first reading counts at once."""

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._since: float | None = None
        self.active: bool | None = None

    def feed(self, raw: bool, now: float) -> None:
        if self.active is None:
            self.active = raw
        self.look(now)
        if raw == self.active:
            self._since = None
        elif self._since is None:
            self._since = now

    def look(self, now: float) -> None:
        if self._since is not None and now - self._since >= self._settle_s:
            self.active = not self.active
            self._since = None

    def due(self) -> float | None:
        return None if self._since is None else self._since + self._settle_s


class Stretched:
    """A vibration sensor: its pulses are the signal, so the first counts at once, and it is over when none came for
    `hold_s`."""

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self._raw = False
        self._until = 0.0
        self.active: bool | None = None

    def feed(self, raw: bool, now: float) -> None:
        if raw or self._raw:
            self.active = True
            self._until = now + self._hold_s
        self._raw = raw
        if self.active is None:
            self.active = False

    def look(self, now: float) -> None:
        if self.active and not self._raw and now >= self._until:
            self.active = False

    def due(self) -> float | None:
        return self._until if self.active and not self._raw else None
