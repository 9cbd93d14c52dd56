"""The terminal's journal: intents and the outbox, in SQLite (WAL, synchronous=FULL).

It holds no personal data: ids, amounts, phases. Each change is committed, and so on disk, before the call returns.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from uuid import uuid4

import aiosqlite

_SCHEMA = """
CREATE TABLE IF NOT EXISTS intent (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    session TEXT NOT NULL,
    service TEXT NOT NULL,
    parent TEXT REFERENCES intent (id),
    phase TEXT NOT NULL,
    detail TEXT NOT NULL,
    outcome TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS intent_open ON intent (created_at) WHERE outcome IS NULL;
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    intent TEXT NOT NULL REFERENCES intent (id),
    phase TEXT NOT NULL,
    outcome TEXT,
    at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS outbox (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL
);
"""


_SELECT = "SELECT id, kind, session, service, parent, phase, detail, outcome, created_at, updated_at FROM intent "


class IntentKind(StrEnum):
    CERTIFICATE = "certificate"  # issue and print one certificate
    PAYMENT = "payment"  # one attempt to be paid
    CASE = "case"  # one application handed in
    RECEIPT = "receipt"  # one slip; its parent is the payment, certificate or case


class Phase(StrEnum):
    """How far an intent got. A phase is written *before* the effect it names is tried."""

    BEGUN = "begun"  # the backend may know of it
    PRINTING = "printing"  # the printer may know of it
    SUBMITTED = "submitted"  # the printer has given it a job id


class Outcome(StrEnum):
    """How an intent ended."""

    DONE = "done"  # printed; paid and delivered
    NEVER_HAPPENED = "never-happened"  # the other side knows nothing of it
    VOIDED = "voided"
    CLOSED = "closed"  # unpaid, and can no longer be paid
    REFUNDED = "refunded"
    UNKNOWN = "unknown"  # nobody can tell any more; a person has to look


@dataclass(frozen=True)
class Intent:
    id: str
    kind: IntentKind
    session: str
    service: str
    parent: str | None
    phase: Phase
    detail: Mapping[str, object]
    outcome: Outcome | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class OutboxItem:
    id: str
    kind: str
    body: Mapping[str, object] = field(repr=False)


class Journal:
    """Use as `journal = await Journal.open(path)`; one per terminal."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db
        self._one_transaction = asyncio.Lock()
        self._running: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, path: Path) -> Journal:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = await aiosqlite.connect(path, isolation_level=None)
        # FULL: a commit survives the plug being pulled, not only the process being killed.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            await db.execute(f"PRAGMA {pragma}")
        await db.executescript(_SCHEMA)
        return cls(db)

    async def close(self) -> None:
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._db.close()

    async def begin(
        self,
        kind: IntentKind,
        *,
        session: str,
        service: str,
        parent: str | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> Intent:
        """Write a new intent; its id is also the idempotency key for backend and printer."""
        intent_id = f"{kind.value[:4]}-{uuid4().hex[:20]}"
        now = datetime.now(UTC).isoformat()
        await self._commit(
            [
                (
                    "INSERT INTO intent VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)",
                    (intent_id, kind, session, service, parent, Phase.BEGUN, json.dumps(dict(detail or {})), now, now),
                ),
                ("INSERT INTO event (intent, phase, at) VALUES (?, ?, ?)", (intent_id, Phase.BEGUN, now)),
            ]
        )
        return await self.get(intent_id)

    async def advance(self, intent_id: str, phase: Phase, **detail: object) -> Intent:
        """Note that the next effect is about to be tried; `detail` is merged into what is known."""
        known = await self.get(intent_id)
        if known.outcome is not None:
            raise ValueError(f"intent {intent_id} is settled")
        now = datetime.now(UTC).isoformat()
        await self._commit(
            [
                (
                    "UPDATE intent SET phase = ?, detail = ?, updated_at = ? WHERE id = ?",
                    (phase, json.dumps({**known.detail, **detail}), now, intent_id),
                ),
                ("INSERT INTO event (intent, phase, at) VALUES (?, ?, ?)", (intent_id, phase, now)),
            ]
        )
        return await self.get(intent_id)

    async def settle(self, intent_id: str, outcome: Outcome) -> None:
        """Write the end. Settling twice with the same outcome is harmless; with another it is a bug."""
        known = await self.get(intent_id)
        if known.outcome is outcome:
            return
        if known.outcome is not None:
            raise ValueError(f"intent {intent_id} already ended as {known.outcome}")
        now = datetime.now(UTC).isoformat()
        await self._commit(
            [
                ("UPDATE intent SET outcome = ?, updated_at = ? WHERE id = ?", (outcome, now, intent_id)),
                (
                    "INSERT INTO event (intent, phase, outcome, at) VALUES (?, ?, ?, ?)",
                    (intent_id, known.phase, outcome, now),
                ),
            ]
        )

    async def get(self, intent_id: str) -> Intent:
        rows = await self._intents("WHERE id = ?", intent_id)
        if not rows:
            raise KeyError(intent_id)
        return rows[0]

    async def open_intents(self, session: str | None = None) -> list[Intent]:
        """Unsettled intents, oldest first; parents before their receipts."""
        if session is None:
            return await self._intents("WHERE outcome IS NULL ORDER BY created_at, rowid")
        return await self._intents("WHERE outcome IS NULL AND session = ? ORDER BY created_at, rowid", session)

    async def children(self, parent: str) -> list[Intent]:
        return await self._intents("WHERE parent = ? ORDER BY created_at, rowid", parent)

    async def all_intents(self) -> list[Intent]:
        return await self._intents("ORDER BY created_at, rowid")

    async def settled_since(self, place: int) -> tuple[int, dict[tuple[IntentKind, Outcome], int]]:
        """How many intents were settled after `place`, by kind and outcome, and the place to go on from; 0 is the
        beginning."""
        cursor = await self._db.execute(
            "SELECT MAX(event.seq), intent.kind, event.outcome, COUNT(*) FROM event "
            "JOIN intent ON intent.id = event.intent "
            "WHERE event.seq > ? AND event.outcome IS NOT NULL GROUP BY intent.kind, event.outcome",
            (place,),
        )
        rows = list(await cursor.fetchall())
        counts = {(IntentKind(row[1]), Outcome(row[2])): int(row[3]) for row in rows}
        return max([place, *(int(row[0]) for row in rows)]), counts

    async def post(self, item: OutboxItem) -> None:
        """Keep something for the backend until it has been delivered."""
        now = datetime.now(UTC).isoformat()
        await self._commit(
            [("INSERT OR IGNORE INTO outbox VALUES (?, ?, ?, ?)", (item.id, item.kind, json.dumps(item.body), now))]
        )

    async def outbox(self) -> list[OutboxItem]:
        cursor = await self._db.execute("SELECT id, kind, body FROM outbox ORDER BY created_at, rowid")
        return [OutboxItem(row[0], row[1], json.loads(row[2])) for row in await cursor.fetchall()]

    async def delivered(self, item_id: str) -> None:
        await self._commit([("DELETE FROM outbox WHERE id = ?", (item_id,))])

    async def _intents(self, where: str, *values: object) -> list[Intent]:
        cursor = await self._db.execute(_SELECT + where, values)
        return [
            Intent(
                id=row[0],
                kind=IntentKind(row[1]),
                session=row[2],
                service=row[3],
                parent=row[4],
                phase=Phase(row[5]),
                detail=json.loads(row[6]),
                outcome=Outcome(row[7]) if row[7] else None,
                created_at=datetime.fromisoformat(row[8]),
                updated_at=datetime.fromisoformat(row[9]),
            )
            for row in await cursor.fetchall()
        ]

    async def _commit(self, statements: list[tuple[str, tuple[object, ...]]]) -> None:
        """A cancelled caller does not interrupt a transaction: half of one would block every later one."""
        task = asyncio.create_task(self._transaction(statements))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.shield(task)

    async def _transaction(self, statements: list[tuple[str, tuple[object, ...]]]) -> None:
        async with self._one_transaction:
            await self._db.execute("BEGIN IMMEDIATE")
            try:
                for sql, values in statements:
                    await self._db.execute(sql, values)
            except BaseException:
                await self._db.execute("ROLLBACK")
                raise
            await self._db.execute("COMMIT")
