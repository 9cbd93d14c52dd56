"""What the fleet's agent must not forget: commands already run, counters of the kiosk's life, what the desk has set.

SQLite (WAL, synchronous=FULL): on the disk before a call returns. No personal data: ids, kinds and numbers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import aiosqlite
import structlog

log = structlog.get_logger()

_KEPT = timedelta(days=1)  # a command's id, beyond its expiry
_SCHEMA = """
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, total INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS command (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    arguments TEXT NOT NULL,
    boot TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ack TEXT,
    delivered INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS command_open ON command (taken_at) WHERE delivered = 0;
"""


@dataclass(frozen=True)
class Remembered:
    """A command that was begun. `ack` (JSON) None: it was cut off in the middle."""

    command_id: str
    kind: str
    arguments: str
    boot: str
    ack: str | None


class FleetStore:
    """Use as `store = await FleetStore.open(path)`."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db
        self._one_transaction = asyncio.Lock()
        self._running: set[asyncio.Task[int]] = set()

    @classmethod
    async def open(cls, path: Path) -> FleetStore:
        """A file that is not a database any more is put aside: the desk knows what counts, and a terminal has to
        start."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return cls(await _connect(path))
        except aiosqlite.DatabaseError as error:
            log.error("fleet_store_damaged", error=type(error).__name__)
            for name in (path.name, path.name + "-wal", path.name + "-shm"):
                damaged = path.with_name(name)
                if damaged.exists():
                    damaged.replace(damaged.with_name(name + ".damaged"))
            return cls(await _connect(path))

    async def close(self) -> None:
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._db.close()

    # Commands

    async def begin(
        self, command_id: str, kind: str, arguments: str, *, boot: str, now: datetime, expires_at: datetime
    ) -> bool:
        """Note that a command is about to be run; False when it has been before."""
        row = (command_id, kind, arguments, boot, now.isoformat(), expires_at.isoformat())
        return (
            await self._write(
                "INSERT OR IGNORE INTO command (id, kind, arguments, boot, taken_at, expires_at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                *row,
            )
            == 1
        )

    async def finish(self, command_id: str, ack: str) -> None:
        """Its outcome; the first one counts."""
        await self._write("UPDATE command SET ack = ? WHERE id = ? AND ack IS NULL", ack, command_id)

    async def delivered(self, command_id: str) -> None:
        await self._write("UPDATE command SET delivered = 1 WHERE id = ?", command_id)

    async def undelivered(self) -> list[Remembered]:
        """Those whose outcome the desk does not know yet, oldest first."""
        return await self._commands("WHERE delivered = 0 ORDER BY taken_at, rowid")

    async def of_kind_since(self, kind: str, since: datetime) -> list[Remembered]:
        return await self._commands("WHERE kind = ? AND taken_at > ?", kind, since.isoformat())

    async def forget_old(self, now: datetime) -> None:
        """`now`: the desk's. What it has not heard the outcome of is kept."""
        before = (now - _KEPT).isoformat()
        await self._write("DELETE FROM command WHERE expires_at < ? AND delivered = 1", before)

    # Counters

    async def count(self, **more: int) -> None:
        for name, number in more.items():
            await self._write(_COUNT, name, number)

    async def counters(self) -> dict[str, int]:
        cursor = await self._db.execute("SELECT name, total FROM counter ORDER BY name")
        return {row[0]: row[1] for row in await cursor.fetchall()}

    async def count_up_to(self, place: str, value: int, more: Mapping[str, int]) -> None:
        """Counters and the place they are counted up to, in one transaction: nothing is counted twice."""
        await self._in_one([(_COUNT, (name, number)) for name, number in more.items()] + [(_FACT, (place, str(value)))])

    # Facts

    async def fact(self, name: str) -> str | None:
        cursor = await self._db.execute("SELECT value FROM fact WHERE name = ?", (name,))
        row = await cursor.fetchone()
        return row[0] if row is not None else None

    async def set_fact(self, name: str, value: str | None) -> None:
        if value is None:
            await self._write("DELETE FROM fact WHERE name = ?", name)
        else:
            await self._write(_FACT, name, value)

    async def _commands(self, where: str, *values: object) -> list[Remembered]:
        cursor = await self._db.execute(f"SELECT id, kind, arguments, boot, ack FROM command {where}", values)  # noqa: S608
        return [Remembered(*row) for row in await cursor.fetchall()]

    async def _write(self, sql: str, *values: object) -> int:
        return await self._in_one([(sql, values)])

    async def _in_one(self, statements: list[tuple[str, tuple[object, ...]]]) -> int:
        """A cancelled caller does not interrupt a transaction: half of one would block every later one."""
        task = asyncio.create_task(self._transaction(statements))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _transaction(self, statements: list[tuple[str, tuple[object, ...]]]) -> int:
        async with self._one_transaction:
            changed = 0
            await self._db.execute("BEGIN IMMEDIATE")
            try:
                for sql, values in statements:
                    changed += max(0, (await self._db.execute(sql, values)).rowcount)
            except BaseException:
                await self._db.execute("ROLLBACK")
                raise
            await self._db.execute("COMMIT")
            return changed


_COUNT = "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET total = total + excluded.total"
_FACT = "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


async def _connect(path: Path) -> aiosqlite.Connection:
    db = await aiosqlite.connect(path, isolation_level=None)
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            await db.execute(f"PRAGMA {pragma}")
        await db.executescript(_SCHEMA)
    except BaseException:
        await db.close()
        raise
    return db
