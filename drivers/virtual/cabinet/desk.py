"""What all desks have in common: a desk is the cabinet's side of one simulated device."""

from __future__ import annotations

import structlog

from drivers.virtual.cabinet.events import EventLog

log = structlog.get_logger()

START_FAILURES = (OSError, RuntimeError, ValueError)


class RefusedError(Exception):
    """The hand cannot do this now; `status` is the HTTP status to answer with."""

    def __init__(self, detail: str, status: int = 409) -> None:
        super().__init__(detail)
        self.status = status


class Desk:
    """Starts and stops one simulator. One that cannot start says why and leaves the others alone."""

    name = ""

    def __init__(self, events: EventLog) -> None:
        self._events = events
        self.failure = ""
        self.started = False

    async def start(self) -> None:
        try:
            await self._start()
        except START_FAILURES as error:
            self.failure = str(error) or type(error).__name__
            self._events.add(self.name, f"not started: {self.failure}")
        else:
            self.failure = ""
            self.started = True

    async def stop(self) -> None:
        if self.started:
            self.started = False
            await self._stop()

    def event(self, text: str) -> None:
        self._events.add(self.name, text)

    def need(self) -> None:
        """Raises RefusedError unless the simulator runs."""
        if not self.started:
            raise RefusedError(f"{self.name} is not running: {self.failure}", 503)

    async def _start(self) -> None:
        raise NotImplementedError

    async def _stop(self) -> None:
        raise NotImplementedError

    async def reset(self) -> None:
        """Mend everything."""
        raise NotImplementedError
