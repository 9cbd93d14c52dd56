"""What the batch statement is given and gives back, the same on both databases; and what may go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from backend.fleet.changes import Change, Known
from backend.fleet.heartbeat.beats import Beat


class Away(Exception):
    """The database does not answer, or cannot take anything now."""


class Unfit(Exception):
    """Something in the batch does not fit the database; without it, the rest would have."""


class Again(Exception):
    """Two transactions stood in each other's way: the same once more."""


class Held(Exception):
    """Somebody else holds a row of the batch for longer than a moment: take the others, and this one later."""


class Taken(NamedTuple):
    """A pulse that was written, and what its kiosk is to be told."""

    kiosk_id: str
    previous_digest: str
    previous_boot: str
    restarted: bool  # or heard for the first time
    serials: str
    interval_s: int
    commands_waiting: bool
    settings_wanted: int
    content_wanted: str
    software_wanted: str
    rollout_id: str


TAKEN = (
    "p.kiosk_id, p.previous_digest, p.previous_boot, p.boot_at = {at} AS restarted, p.serials, p.interval_s, "
    "p.commands_waiting, p.settings_wanted, p.content_wanted, p.software_wanted, p.rollout_id"
)


def patience_sql(least: str, base: str, stretch: str) -> str:
    """pace.patience_of(pace.told(…)) of the row `p`, as an expression."""
    told = f"{least}((CASE WHEN p.interval_s > 0 THEN p.interval_s ELSE {base} END) * {stretch} / 100, 3600)"
    return f"(2 * ({told} + {told} / 12) + 15)"


class Transaction(Protocol):
    """Committed when its block ends. Every method raises Away, Unfit, Again or Held."""

    async def take(self, beats: Sequence[Beat], at: datetime, base_s: int, stretch: int) -> Sequence[Taken]:
        """Write the pulses of those that are simply next (one of a kiosk); the others are not among the rows."""

    async def known(self, kiosk_ids: Sequence[str]) -> dict[str, Known]: ...

    async def write(self, changes: Sequence[Change], at: datetime) -> None: ...


class Store(Protocol):
    def transaction(self, *, skip: bool = False) -> AbstractAsyncContextManager[Transaction]:
        """`skip`: pulses that somebody else holds are left out at once, as if they were not next. Without it they are
        waited for a moment, and Held is raised."""

    async def close(self) -> None: ...
