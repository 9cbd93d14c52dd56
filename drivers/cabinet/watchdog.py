"""Feeds the watchdog only while every part of the program lives, so that one that hangs lets the program be restarted.

hearts = Heartbeats()
ui = hearts.heart("ui", 5)                      # the interface calls ui.beat() in each of its frames
asyncio.create_task(keep_beating(hearts.heart("journal", 15), journal.ping))
watchdog = Watchdog(hearts, [notifier], interval_s=5)
asyncio.create_task(watchdog.run())
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn, Protocol

import structlog

log = structlog.get_logger()


class Feeder(Protocol):
    """`SystemdNotifier`, `KernelWatchdog`."""

    def feed(self) -> bool:
        """ "We live." False when nobody took it."""


class Heart:
    """One part of the program; made by `Heartbeats.heart`."""

    def __init__(self, name: str, limit_s: float, clock: Callable[[], float]) -> None:
        self.name = name
        self.limit_s = limit_s
        self._clock = clock
        self._last = clock()

    def beat(self) -> None:
        """Costs nothing: may be called for every frame."""
        self._last = self._clock()

    @property
    def silent_s(self) -> float:
        return self._clock() - self._last


class Heartbeats:
    """The hearts that must all beat. `clock`: seconds, whatever becomes of the date."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._hearts: dict[str, Heart] = {}

    def heart(self, name: str, limit_s: float) -> Heart:
        """A heart that must beat at least every `limit_s`, from now on. ValueError: there is one of that name."""
        if name in self._hearts:
            raise ValueError(f"there is a heart {name!r} already")
        heart = self._hearts[name] = Heart(name, limit_s, self._clock)
        return heart

    def retire(self, heart: Heart) -> None:
        """The part ended as planned."""
        self._hearts.pop(heart.name, None)

    def late(self) -> list[str]:
        """The parts that have not beaten within their limit."""
        return [heart.name for heart in self._hearts.values() if heart.silent_s > heart.limit_s]


class Watchdog:
    """Feeds `feeders` every `interval_s` (half of what the strictest allows, or less) while no heart is late."""

    def __init__(self, hearts: Heartbeats, feeders: Sequence[Feeder], interval_s: float) -> None:
        self._hearts = hearts
        self._feeders = feeders
        self._interval_s = interval_s
        self.hungry_for: list[str] = []  # parts for whose sake nobody is fed just now

    def tick(self) -> bool:
        """Feed, if all live. Whether they do."""
        late = self._hearts.late()
        if late != self.hungry_for:
            if late:
                log.error("watchdog_not_fed", hung=late)
            else:
                log.warning("watchdog_fed_again", was_hung=self.hungry_for)
            self.hungry_for = late
        if not late:
            for feeder in self._feeders:
                feeder.feed()
        return not late

    async def run(self) -> NoReturn:
        """For ever, on the loop that it watches: a loop that hangs feeds nobody."""
        while True:
            self.tick()
            await asyncio.sleep(self._interval_s)


async def keep_beating(heart: Heart, check: Callable[[], Awaitable[object]], every_s: float = 2.0) -> NoReturn:
    """Beat after each successful `check`, such as a look into the journal; one that hangs or fails lets it stop."""
    while True:
        try:
            await check()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with that part
            log.error("heart_check_failed", heart=heart.name, error=type(error).__name__)
        else:
            heart.beat()
        await asyncio.sleep(every_s)
