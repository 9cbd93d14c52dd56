"""The batch on PostgreSQL: asyncpg without SQLAlchemy, one connection of its own, so that the hot path neither waits
for the staff's connections nor takes them away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from backend.db.postgres import connect_arguments
from backend.db.settings import DatabaseSettings
from backend.fleet.changes import Change, Known
from backend.fleet.heartbeat.beats import Beat
from backend.fleet.heartbeat.rows import TAKEN, Again, Away, Held, Taken, Unfit, patience_sql

_PATIENCE = patience_sql("LEAST", "$15::int", "$16::int")
# A nested loop over the batch in the order of names (see `plan_cache_mode` below): two processes that have the same
# kiosks in their batches do not wait in a circle.
_UPDATE = f"""
WITH b AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[], $7::int[],
        $8::bool[], $9::int[], $10::int[], $11::int[], $12::int[], $13::text[])
    AS b(kiosk_id, serial, seq, boot, sent_at, digest, uptime_s, session_open, interface_age_s, temperature_dc,
        disk_free_mb, disk_wear_pct, counters)
){{free}}
UPDATE kiosk_pulse AS p SET
    seq = b.seq, boot = b.boot, seen_at = $14::timestamptz, sent_at = b.sent_at,
    digest = b.digest, previous_digest = p.digest,
    previous_boot = CASE WHEN p.boot = b.boot THEN p.previous_boot ELSE p.boot END,
    boot_at = CASE WHEN p.boot = b.boot THEN p.boot_at ELSE $14::timestamptz END,
    uptime_s = b.uptime_s, session_open = b.session_open, interface_age_s = b.interface_age_s,
    temperature_dc = b.temperature_dc, disk_free_mb = b.disk_free_mb, disk_wear_pct = b.disk_wear_pct,
    counters = b.counters,
    patience_s = {_PATIENCE}, silent_after = $17::bigint + {_PATIENCE}
FROM b
WHERE {{only}}p.kiosk_id = b.kiosk_id AND p.accepts AND p.seq < b.seq
    AND strpos(p.serials, '|' || b.serial || '|') > 0
    AND (p.boot = b.boot OR p.previous_boot <> b.boot)
RETURNING {TAKEN.format(at="$14::timestamptz")}
"""  # noqa: S608 - our own text
_TAKE = _UPDATE.format(free="", only="")
# The same, without those that somebody else holds.
_TAKE_FREE = _UPDATE.format(
    free=""", free AS MATERIALIZED (
    SELECT kiosk_id FROM kiosk_pulse WHERE kiosk_id = ANY ($1::text[]) ORDER BY kiosk_id FOR NO KEY UPDATE SKIP LOCKED
)""",
    only="p.kiosk_id IN (SELECT kiosk_id FROM free) AND ",
)

_KNOWN = """
SELECT kiosk_id, region_code, online, report::text, troubles::text FROM kiosk_state WHERE kiosk_id = ANY($1::text[])
"""

_STATE = """
UPDATE kiosk_state AS s SET
    health = b.health, in_service = b.in_service, report = b.report, troubles = b.troubles, trouble = b.trouble,
    software = b.software, content = b.content, settings = b.settings, changed_at = $10, online = true,
    online_changed_at = CASE WHEN s.online THEN s.online_changed_at ELSE $10 END
FROM unnest($1::text[], $2::text[], $3::bool[], $4::json[], $5::json[], $6::text[], $7::text[], $8::text[], $9::int[])
    AS b(kiosk_id, health, in_service, report, troubles, trouble, software, content, settings)
WHERE s.kiosk_id = b.kiosk_id
"""

_EVENTS = """
INSERT INTO kiosk_event (kiosk_id, region_code, at, kind, severity, detail)
SELECT b.kiosk_id, b.region_code, $1, b.kind, b.severity, b.detail
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::json[])
    AS b(kiosk_id, region_code, kind, severity, detail)
"""

# A row of the batch may be held for so long by somebody else before the others are taken without it.
_HELD_MS = 250
_encode = msgspec.json.Encoder().encode

_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,  # the connection is closed, or in an operation that was cancelled
    asyncpg.OperatorInterventionError,  # shutting down, just starting, cancelled by a time-out
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.ReadOnlySQLTransactionError,  # after a failover: what was the primary
    asyncpg.IdleInTransactionSessionTimeoutError,
)


class PostgresStore:
    """One batch at a time; made anew when the connection breaks."""

    def __init__(self, engine: AsyncEngine, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        # Where held pulses are left out, only a state or an event can still be waited for.
        self._patient = f"SET LOCAL lock_timeout = {int(timeout_s * 500)}"
        url = engine.url.render_as_string(hide_password=False)
        _, target = engine.dialect.create_connect_args(engine.url)
        arguments = connect_arguments(url, DatabaseSettings())
        self._connect = arguments.pop("async_creator_fn")
        target.update(arguments)
        # The server gives up first: that keeps the connection.
        target["command_timeout"] = timeout_s
        target["server_settings"] = {
            **target["server_settings"],
            "statement_timeout": str(int(timeout_s * 900)),
            # The plan for a batch of unknown length is the one we want; with a known one PostgreSQL sometimes reads the
            # whole table.
            "plan_cache_mode": "force_generic_plan",
            "lock_timeout": str(_HELD_MS),
        }
        self._arguments = target
        self._connection: Any = None
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self, *, skip: bool = False) -> AsyncIterator[PostgresTransaction]:
        async with self._lock:
            try:
                async with asyncio.timeout(self._timeout_s):
                    connection = await self._ready()
                    async with connection.transaction():
                        if skip:
                            await connection.execute(self._patient)
                        yield PostgresTransaction(connection, _TAKE_FREE if skip else _TAKE)
            except _AGAIN:
                raise Again from None
            except asyncpg.LockNotAvailableError as error:
                if skip:
                    raise Away(type(error).__name__) from None
                raise Held from None
            except asyncpg.DataError as error:
                raise Unfit(type(error).__name__) from None
            except asyncpg.InterfaceError as error:
                # asyncpg's own refusal of a value is an InterfaceError too, and a ValueError.
                if isinstance(error, ValueError) and not self._connection.is_closed():
                    raise Unfit(type(error).__name__) from None
                self._drop()
                raise Away(type(error).__name__) from None
            except _AWAY as error:
                self._drop()
                raise Away(type(error).__name__) from None

    async def _ready(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect(**self._arguments)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        if self._connection is not None:
            try:
                await self._connection.close(timeout=2)
            except (*_AWAY, asyncio.CancelledError):
                self._connection.terminate()
            self._connection = None


class PostgresTransaction:
    def __init__(self, connection: Any, take: str) -> None:
        self._connection = connection
        self._take = take

    async def take(self, beats: Sequence[Beat], at: datetime, base_s: int, stretch: int) -> Sequence[Taken]:
        columns = zip(
            *(
                (
                    beat.kiosk_id,
                    beat.serial,
                    beat.seq,
                    beat.boot,
                    beat.sent_at,
                    beat.digest,
                    *beat.numbers,
                    beat.counters,
                )
                for beat in beats
            ),
            strict=True,
        )
        rows = await self._connection.fetch(self._take, *columns, at, base_s, stretch, int(at.timestamp()))
        return [Taken(*row) for row in rows]

    async def known(self, kiosk_ids: Sequence[str]) -> dict[str, Known]:
        rows = await self._connection.fetch(_KNOWN, kiosk_ids)
        return {row[0]: Known(row[1], row[2], row[3], row[4]) for row in rows}

    async def write(self, changes: Sequence[Change], at: datetime) -> None:
        states = [
            (
                change.kiosk_id,
                state.health,
                state.in_service,
                state.report,
                state.troubles,
                state.trouble,
                state.software,
                state.content,
                state.settings,
            )
            for change in changes
            if (state := change.state) is not None
        ]
        if states:
            await self._connection.execute(_STATE, *zip(*states, strict=True), at)
        events = [
            (
                change.kiosk_id,
                change.region_code,
                entry.kind.value,
                entry.severity.value,
                _encode(entry.detail).decode(),
            )
            for change in changes
            for entry in change.entries
        ]
        if events:
            await self._connection.execute(_EVENTS, at, *zip(*events, strict=True))
