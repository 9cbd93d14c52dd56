"""Totals of the kiosk's life. Sessions are counted as they end; what came of them is read from the journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiosk.journal.journal import IntentKind, Journal, Outcome
from kiosk.link.fleet_store import FleetStore

_PLACE = "journal_counted_to"
_NAMES = {
    IntentKind.CERTIFICATE: "prints",
    IntentKind.RECEIPT: "receipts",
    IntentKind.PAYMENT: "payments",
}
_ENDINGS = {"completed": "completed", "failed": "failed"}


class Tally:
    def __init__(self, store: FleetStore, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    async def session_ended(self, how: str) -> None:
        """`how` as reception names it: completed, over, timed-out, left, failed."""
        more = {"sessions": 1}
        if how in _ENDINGS:
            more[_ENDINGS[how]] = 1
        await self._store.count(**more)

    async def counters(self) -> dict[str, int]:
        """Counts what the journal has settled since the last call, then gives all totals."""
        place = int(await self._store.fact(_PLACE) or 0)
        last, settled = await self._journal.settled_since(place)
        if last > place:
            more = {name: settled.get((kind, Outcome.DONE), 0) for kind, name in _NAMES.items()}
            await self._store.count_up_to(_PLACE, last, {name: number for name, number in more.items() if number})
        zeros = dict.fromkeys(("sessions", "completed", "failed", *_NAMES.values()), 0)
        return zeros | await self._store.counters()

    async def statistics(self) -> Mapping[str, Any]:
        """For a log bundle: numbers only."""
        intents = await self._journal.all_intents()
        by_kind: dict[str, int] = {}
        for intent in intents:
            name = f"{intent.kind.value}/{intent.phase.value}/{intent.outcome.value if intent.outcome else 'open'}"
            by_kind[name] = by_kind.get(name, 0) + 1
        open_ones = [intent.created_at for intent in intents if intent.outcome is None]
        return {
            "intents": dict(sorted(by_kind.items())),
            "oldest_open": min(open_ones).strftime("%d %b %H:%M") if open_ones else None,
            "outbox": len(await self._journal.outbox()),
            "counters": await self.counters(),
        }
