"""What just happened in the cabinet: the list at the foot of the page. Holds no personal data."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

log = structlog.get_logger()

KEPT = 200


@dataclass(frozen=True)
class Event:
    """One line. `text` is English for technicians and already masked."""

    number: int
    at: datetime
    device: str
    text: str


class EventLog:
    """The newest `KEPT` events in memory; nothing of it reaches the disk."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._numbers = itertools.count(1)

    def add(self, device: str, text: str) -> None:
        self._events.append(Event(next(self._numbers), datetime.now(UTC), device, text))
        log.info("cabinet_event", device=device, text=text)

    def newest(self, limit: int = KEPT) -> list[Event]:
        """Newest last."""
        return list(self._events)[-limit:]


def mask(text: str) -> str:
    """First and last two characters at most, as payment codes and account numbers are shown."""
    return f"{text[:2]}…{text[-2:]} ({len(text)})" if len(text) >= 8 else f"… ({len(text)})"
