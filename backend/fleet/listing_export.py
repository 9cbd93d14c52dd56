"""The list of kiosks as lines, in pieces: 57,705 rows never stand in memory at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from backend.db.engine import Sessions
from backend.fleet import words
from backend.fleet.listing import KioskFilter, Row, ids_query, rows_of
from backend.fleet.models import KioskState
from backend.staff.roles import Staff

_AT_ONCE = 500

_HEADING: tuple[tuple[str, str], ...] = (
    ("终端编号", "kiosk"),
    ("站点", "site"),
    ("行政区划", "region"),
    ("区划代码", "region code"),
    ("健康", "health"),
    ("故障", "trouble"),
    ("在线", "online"),
    ("最后心跳(UTC)", "last heartbeat (UTC)"),
    ("型号", "model"),
    ("序列号", "serial number"),
    ("软件版本", "software"),
    ("内容版本", "content"),
    ("证书到期(UTC)", "certificate until (UTC)"),
)


async def lines_of(
    sessions: Sessions, staff: Staff, wanted: KioskFilter, language: str
) -> AsyncIterator[Sequence[object]]:
    """The heading, then a line a kiosk, by id. What is added or leaves meanwhile may or may not be there."""
    yield [pair[language == "en"] for pair in _HEADING]
    last = ""
    now = datetime.now(UTC)
    while True:
        async with sessions() as session:  # a short one each time: a slow reader must not hold a snapshot open
            query = ids_query(staff, wanted, now).where(KioskState.kiosk_id > last)
            ids = list(await session.scalars(query.order_by(KioskState.kiosk_id).limit(_AT_ONCE)))
            rows = await rows_of(session, ids)
        for row in rows:
            yield _line(row, language)
        if len(ids) < _AT_ONCE:
            return
        last = ids[-1]


def _line(row: Row, language: str) -> Sequence[object]:
    which = 1 if language == "en" else 0
    kiosk, state = row.kiosk, row.state
    return (
        kiosk.kiosk_id,
        (row.site_zh, row.site_en)[which],
        row.path[which],
        kiosk.region_code,
        words.named(words.HEALTHS, state.health)[which],
        words.trouble(state.trouble)[which],
        (("否", "是"), ("no", "yes"))[which][state.online],
        _utc(row.seen_at),
        kiosk.model,
        kiosk.serial_number,
        state.software,
        state.content,
        _utc(kiosk.certificate_until),
    )


def _utc(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
