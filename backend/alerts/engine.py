"""The rounds: what happened since the last, what is due, and now and then a look at everything.

Events only say which kiosks to look at; what is wrong with them is read from their state. An event seen twice, or in
another order, changes nothing, and one that was missed is made up for by the sweep.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.config import RuleConfig
from backend.alerts.models import Alert, AlertCursor
from backend.alerts.observe import observe_kiosks
from backend.alerts.pieces import check, in_pieces
from backend.alerts.progress import Progress, due_rules
from backend.alerts.routing import Router
from backend.alerts.rules import KIOSK_RULES, RULES, Rule
from backend.alerts.settings import AlertsSettings
from backend.alerts.sql import AT_ONCE, pages
from backend.db.engine import Sessions, writing
from backend.fleet.events import EventKind
from backend.fleet.models import Kiosk, KioskEvent, KioskPulse, KioskState
from backend.operations.jobs import Lease

log = structlog.get_logger()

# On PostgreSQL a row with a smaller number may become visible after one with a larger: as long as an event is
# younger than this, the cursor does not pass it.
_OVERLAP = timedelta(seconds=30)
_IGNORED = (EventKind.ALERT.value, EventKind.WORK_ORDER.value, EventKind.COMMAND.value)
_EVENTS_AT_ONCE = 60_000
_LONGEST_LOOK_S = 2.0  # of one round; a province that falls silent takes several


class Engine:
    def __init__(
        self,
        sessions: Sessions,
        settings: AlertsSettings,
        public_url: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        wake_outbox: Callable[[], None] = lambda: None,
    ) -> None:
        self._sessions = sessions
        self._settings = settings
        self._url = public_url
        self._clock = clock
        self._wake_outbox = wake_outbox
        self._looked: set[int] = set()  # events younger than the overlap that were looked at already
        self._left: set[str] = set()  # kiosks still to be looked at
        self._cursor = 0  # events read so far; stored when nothing is left
        self._scanned_at: datetime | None = None
        self._swept_at: datetime | None = None

    async def round(self, lease: Lease | None = None) -> None:
        """One round. What was not finished is done by the next, here or elsewhere."""
        now = self._clock()
        async with self._sessions() as session:
            config = await RuleConfig.load(session)
            touched, begun, cursor, numbers = await self._touched(session, now)
        if self._is_due(self._swept_at, self._settings.sweep_s, now):
            async with self._sessions() as session:
                touched |= await self._suspects(session, config, KIOSK_RULES, now) | await _with_alerts(session)
            self._swept_at = self._scanned_at = now
        elif self._is_due(self._scanned_at, self._settings.scan_s, now):
            measured = tuple(rule for rule in KIOSK_RULES if rule.measured)
            async with self._sessions() as session:
                touched |= await self._suspects(session, config, measured, now)
                touched |= await _with_alerts(session, tuple(rule.name for rule in measured))
            self._scanned_at = now
        self._looked, self._cursor = numbers, cursor
        self._left |= touched
        await self._observe(config, now, lease)
        if cursor != begun and not self._left:
            await self._keep_cursor(cursor, now, lease)
        await self.advance(config, now, lease)

    async def sweep(self, lease: Lease | None = None) -> None:
        """Look at everything in the next round, whatever the time."""
        self._swept_at = None
        await self.round(lease)

    async def advance(self, config: RuleConfig, now: datetime, lease: Lease | None = None) -> None:
        """Open, repeat, escalate and clear what is due."""
        async with self._sessions() as session:
            rules = await due_rules(session, now)
        written = 0
        for rule in rules:
            written += await self._advance(rule, config, now, lease)
        if written:
            # The rule "nobody on duty" is raised while others are routed.
            written += await self._advance(RULES["duty-empty"], config, now, lease)
            self._wake_outbox()

    async def _advance(self, rule: Rule, config: RuleConfig, now: datetime, lease: Lease | None) -> int:
        async with writing(self._sessions) as session:
            await check(session, lease)
            router = Router(session, self._settings, self._url, now)
            await Progress(session, rule, config, self._settings, router, now).run()
            await session.commit()
        return router.written

    async def _touched(self, session: AsyncSession, now: datetime) -> tuple[set[str], int, int, set[int]]:
        """(kiosks something happened to, the cursor as it was, the one to keep, young events' numbers)."""
        row = await session.get(AlertCursor, "events")
        begun = row.value if row else 0
        cursor = max(begun, self._cursor)
        events = (
            await session.execute(
                select(KioskEvent.id, KioskEvent.kiosk_id, KioskEvent.at, KioskEvent.kind)
                .where(KioskEvent.id > cursor)
                .order_by(KioskEvent.id)
                .limit(_EVENTS_AT_ONCE + len(self._looked))
            )
        ).all()
        touched: set[str] = set()
        young: set[int] = set()
        for one in events:
            if not young and one.at < now - _OVERLAP:
                cursor = one.id
            else:
                young.add(one.id)
            if one.id not in self._looked and one.kind not in _IGNORED:
                touched.add(one.kiosk_id)
        return touched, begun, cursor, young

    async def _observe(self, config: RuleConfig, now: datetime, lease: Lease | None) -> None:
        """As many of those left as there is time for: what is found meanwhile must be told meanwhile."""
        until = time.monotonic() + _LONGEST_LOOK_S

        async def observe(some: Sequence[str]) -> None:
            async with writing(self._sessions) as session:
                await check(session, lease)
                await observe_kiosks(session, some, config, now)
                await session.commit()

        # In no order of place: a part of them must look like the whole, or a province's outage would be told by cities.
        for page in pages(sorted(self._left, key=lambda kiosk: zlib.crc32(kiosk.encode())), AT_ONCE):
            await in_pieces(page, observe, str, "alerts")
            self._left -= set(page)
            if time.monotonic() > until:
                return

    async def _suspects(
        self, session: AsyncSession, config: RuleConfig, rules: tuple[Rule, ...], now: datetime
    ) -> set[str]:
        """Kiosks any of the rules could find something about."""
        conditions = [rule.coarse(now, config.loosest(rule)) for rule in rules if rule.coarse is not None]
        return set(
            await session.scalars(
                select(Kiosk.kiosk_id)
                .join(KioskState, KioskState.kiosk_id == Kiosk.kiosk_id)
                .join(KioskPulse, KioskPulse.kiosk_id == Kiosk.kiosk_id)
                .where(or_(*conditions))
            )
        )

    async def _keep_cursor(self, value: int, now: datetime, lease: Lease | None) -> None:
        async with writing(self._sessions) as session:
            await check(session, lease)
            row = await session.get(AlertCursor, "events")
            if row is None:
                session.add(AlertCursor(name="events", value=value, text="", at=now))
            elif row.value != value:
                row.value, row.at = value, now
            await session.commit()

    @staticmethod
    def _is_due(last: datetime | None, every_s: float, now: datetime) -> bool:
        return last is None or now >= last + timedelta(seconds=every_s)


async def _with_alerts(session: AsyncSession, rules: tuple[str, ...] = ()) -> set[str]:
    query = select(Alert.kiosk_id).where(Alert.live.is_not(None), Alert.kiosk_id.is_not(None)).distinct()
    if rules:
        query = query.where(Alert.rule.in_(rules))
    return {kiosk_id for kiosk_id in await session.scalars(query) if kiosk_id}
