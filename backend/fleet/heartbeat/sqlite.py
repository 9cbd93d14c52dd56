"""The batch on SQLite, which has one writer: through the engine, so that it waits for the lock like everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.db.engine import Sessions, writing
from backend.fleet.changes import Change, Known
from backend.fleet.heartbeat.beats import Beat
from backend.fleet.heartbeat.rows import TAKEN, Away, Taken, patience_sql

_COLUMNS = (
    "kiosk_id",
    "serial",
    "seq",
    "boot",
    "sent_at",
    "digest",
    "uptime_s",
    "session_open",
    "interface_age_s",
    "temperature_dc",
    "disk_free_mb",
    "disk_wear_pct",
    "counters",
)
_B = ", ".join(f"json_extract(value, '$[{n}]') AS {name}" for n, name in enumerate(_COLUMNS))
_PATIENCE = patience_sql("MIN", ":base", ":stretch")
_TAKE = f"""
UPDATE kiosk_pulse AS p SET
    seq = b.seq, boot = b.boot, seen_at = :at, sent_at = b.sent_at, digest = b.digest, previous_digest = p.digest,
    previous_boot = CASE WHEN p.boot = b.boot THEN p.previous_boot ELSE p.boot END,
    boot_at = CASE WHEN p.boot = b.boot THEN p.boot_at ELSE :at END,
    uptime_s = b.uptime_s, session_open = b.session_open, interface_age_s = b.interface_age_s,
    temperature_dc = b.temperature_dc, disk_free_mb = b.disk_free_mb, disk_wear_pct = b.disk_wear_pct,
    counters = b.counters,
    patience_s = {_PATIENCE}, silent_after = :now + {_PATIENCE}
FROM (SELECT {_B} FROM json_each(:beats)) AS b
WHERE p.kiosk_id = b.kiosk_id AND p.accepts AND p.seq < b.seq
    AND instr(p.serials, '|' || b.serial || '|') > 0
    AND (p.boot = b.boot OR p.previous_boot <> b.boot)
RETURNING {TAKEN.format(at=":at").replace("p.", "")}
"""  # noqa: S608 - our own text
_KNOWN = """
SELECT kiosk_id, region_code, online, report, troubles FROM kiosk_state
WHERE kiosk_id IN (SELECT value FROM json_each(:kiosk_ids))
"""
_STATE = """
UPDATE kiosk_state SET
    health = ?, in_service = ?, report = ?, troubles = ?, trouble = ?, software = ?, content = ?, settings = ?,
    changed_at = ?, online_changed_at = CASE WHEN online THEN online_changed_at ELSE ? END, online = 1
WHERE kiosk_id = ?
"""
_EVENT = "INSERT INTO kiosk_event (kiosk_id, region_code, at, kind, severity, detail) VALUES (?, ?, ?, ?, ?, ?)"

_encode = msgspec.json.Encoder().encode


class SqliteStore:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    @asynccontextmanager
    async def transaction(self, *, skip: bool = False) -> AsyncIterator[SqliteTransaction]:
        try:
            async with writing(self._sessions) as session:
                yield SqliteTransaction(await session.connection())
                await session.commit()
        except DBAPIError as error:
            raise Away(type(error.orig).__name__) from None

    async def close(self) -> None:
        return


class SqliteTransaction:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def take(self, beats: Sequence[Beat], at: datetime, base_s: int, stretch: int) -> Sequence[Taken]:
        given = [
            (
                beat.kiosk_id,
                beat.serial,
                beat.seq,
                beat.boot,
                _text(beat.sent_at),
                beat.digest,
                *beat.numbers,
                beat.counters,
            )
            for beat in beats
        ]
        parameters: dict[str, Any] = {
            "at": _text(at),
            "now": int(at.timestamp()),
            "base": base_s,
            "stretch": stretch,
            "beats": _encode(given).decode(),
        }
        rows: list[Any] = list((await self._connection.exec_driver_sql(_TAKE, parameters)).all())
        return [_taken(*row) for row in rows]

    async def known(self, kiosk_ids: Sequence[str]) -> dict[str, Known]:
        result = await self._connection.exec_driver_sql(_KNOWN, {"kiosk_ids": _encode(list(kiosk_ids)).decode()})
        rows: list[Any] = list(result.all())
        return {row[0]: Known(row[1], bool(row[2]), row[3], row[4]) for row in rows}

    async def write(self, changes: Sequence[Change], at: datetime) -> None:
        when = _text(at)
        states = [
            (
                state.health,
                state.in_service,
                state.report,
                state.troubles,
                state.trouble,
                state.software,
                state.content,
                state.settings,
                when,
                when,
                change.kiosk_id,
            )
            for change in changes
            if (state := change.state) is not None
        ]
        if states:
            await self._connection.exec_driver_sql(_STATE, states)
        events = [
            (
                change.kiosk_id,
                change.region_code,
                when,
                entry.kind.value,
                entry.severity.value,
                _encode(entry.detail).decode(),
            )
            for change in changes
            for entry in change.entries
        ]
        if events:
            await self._connection.exec_driver_sql(_EVENT, events)


def _taken(*row: Any) -> Taken:
    taken = Taken(*row)
    return taken._replace(restarted=bool(taken.restarted), commands_waiting=bool(taken.commands_waiting))


def _text(moment: datetime) -> str:
    """As SQLAlchemy writes it there."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
