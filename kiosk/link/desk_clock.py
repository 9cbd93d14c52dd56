"""The desk's time on this machine. The kiosk's own clock may be wrong, and may jump; this one does neither."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)  # goes on while the machine sleeps


class DeskClock:
    def __init__(
        self, steady: Callable[[], float] = _since_boot, own: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._steady = steady
        self._own = own
        self._floor = datetime(2026, 1, 1, tzinfo=UTC)  # this program is younger
        self._heard: tuple[datetime, float] | None = None

    def hear(self, now: datetime) -> None:
        """The desk just said what time it is."""
        if now.tzinfo is not None:
            self._heard = (now.astimezone(UTC), self._steady())

    def now(self) -> datetime | None:
        """None as long as the desk has not told."""
        if self._heard is None:
            return None
        told, at = self._heard
        return told + timedelta(seconds=self._steady() - at)

    def hear_floor(self, moment: datetime) -> None:
        """It was later than this already."""
        if moment.tzinfo is not None:
            self._floor = max(self._floor, moment.astimezone(UTC))

    def plausible(self) -> datetime | None:
        """The desk's time; before it was heard our own, unless that is one which cannot be."""
        own = self._own()
        return self.now() or (own if own >= self._floor else None)

    def best(self) -> datetime:
        """For what matters less: our own clock if the desk's is not known."""
        return self.now() or self._own()
