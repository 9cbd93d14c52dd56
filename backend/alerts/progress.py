"""An alert's life after it was seen: hold, open (single or as part of a group), repeat, escalate, clear.

Everything that is due is looked at rule by rule, in one transaction with the messages it causes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.config import RuleConfig, Tuned
from backend.alerts.grouping import Group, divide
from backend.alerts.models import Alert, AlertNote, AlertState, MessageKind, is_live_group
from backend.alerts.routing import Router
from backend.alerts.rules import RULES, Rule
from backend.alerts.settings import AlertsSettings
from backend.alerts.sql import AT_ONCE, pages
from backend.alerts.suppress import suppressed
from backend.contract.fleet_api import IdentityState
from backend.fleet.events import EventKind, Severity, event
from backend.fleet.models import Kiosk
from backend.regions.division import Level, ancestor, level_of, span_of

NEARLY_ALL = 0.05  # a group is over when no more than this part of it is still there
_LONGEST_SUPPRESSED = timedelta(hours=24)  # after that somebody has forgotten it
_SUPPRESSED_AGAIN = timedelta(seconds=60)
_AT_MOST = 5000  # alerts of one transaction; the rest is still due in the next round
_NOBODY_AGAIN = timedelta(seconds=60)  # until somebody to be told is looked for again

_COLUMNS = (
    Alert.alert_id,
    Alert.rule,
    Alert.kiosk_id,
    Alert.region_code,
    Alert.state,
    Alert.since,
    Alert.gone_at,
    Alert.told,
    Alert.group_id,
    Alert.members,
)


class Progress:
    """One round over one rule. The caller commits."""

    def __init__(
        self,
        session: AsyncSession,
        rule: Rule,
        config: RuleConfig,
        settings: AlertsSettings,
        router: Router,
        now: datetime,
    ) -> None:
        self._session = session
        self._rule = rule
        self._config = config
        self._settings = settings
        self._router = router
        self._now = now

    async def run(self) -> None:
        await self._end_groups()
        due: Sequence[Any] = (
            await self._session.execute(
                select(*_COLUMNS)
                .where(Alert.rule == self._rule.name, Alert.live.is_not(None), Alert.due_at <= self._now)
                .order_by(Alert.members.desc(), Alert.due_at)
                .limit(_AT_MOST)
            )
        ).all()
        await self._clear([row for row in due if row.gone_at is not None])
        there = [row for row in due if row.gone_at is None]
        patient = self._now - _LONGEST_SUPPRESSED
        why = await suppressed(self._session, [row.kiosk_id for row in there if row.kiosk_id and row.since > patient])
        why = {row.kiosk_id: why[row.kiosk_id] for row in there if row.kiosk_id in why and row.since > patient}
        await self._hush(there, why)
        loud = [row for row in there if row.kiosk_id not in why]
        await self._rest_in_group([row for row in loud if row.group_id])
        loud = [row for row in loud if not row.group_id]
        await self._open([row for row in loud if not row.told and not row.members])
        for row in loud:
            if row.members and not row.told:
                await self._tell_first(await self._alert(row.alert_id))
        for row in loud:
            if row.told:
                await self._remind(await self._alert(row.alert_id))

    # Ends

    async def _clear(self, rows: Sequence[Row[Any]]) -> None:
        """What nobody heard of ends in silence; what was never open leaves no trace."""
        never = [row.alert_id for row in rows if row.state == AlertState.PENDING]
        silent = [row.alert_id for row in rows if row.state == AlertState.OPEN and not row.told]
        for page in pages(never, AT_ONCE):
            await self._session.execute(delete(Alert).where(Alert.alert_id.in_(page), Alert.gone_at.is_not(None)))
        for page in pages(silent, AT_ONCE):
            await self._update(page, state=AlertState.CLEARED.value, cleared_at=self._now, due_at=None, live=None)
        for row in rows:
            if row.state == AlertState.OPEN and row.told:
                alert = await self._alert(row.alert_id)
                await self._end(alert)

    async def _end(self, alert: Alert) -> None:
        alert.state, alert.cleared_at = AlertState.CLEARED.value, self._now
        alert.due_at = alert.live = None
        await self._router.all_clear(alert)
        self._happened(alert, Severity.INFO, "cleared")

    async def _end_groups(self) -> None:
        """A group is over when nearly all are back; those left become single again (or a smaller group)."""
        groups = list(
            await self._session.scalars(
                select(Alert)
                .where(Alert.rule == self._rule.name, is_live_group())
                .execution_options(populate_existing=True)
            )
        )
        for group in groups:
            # Those that are over but not yet cleared (so many at a time) hold up nobody's all-clear.
            there = (
                Alert.group_id == group.alert_id,
                Alert.live.is_not(None),
                or_(Alert.gone_at.is_(None), Alert.due_at > self._now),
            )
            left = await self._session.scalar(select(func.count()).where(*there))
            if left is None or left > NEARLY_ALL * group.members:
                continue
            group.detail = {**group.detail, "left": left}
            await self._end(group)
            await self._session.execute(
                update(Alert)
                .where(*there)
                .values(group_id=None, due_at=func.coalesce(Alert.due_at, self._now))
                .execution_options(synchronize_session=False)
            )

    async def _rest_in_group(self, rows: Sequence[Row[Any]]) -> None:
        """Members that went and came back: the group speaks for them."""
        for page in pages([row.alert_id for row in rows], AT_ONCE):
            await self._update(page, due_at=None)

    # Openings

    async def _hush(self, rows: Sequence[Row[Any]], why: dict[str, str]) -> None:
        later = self._now + _SUPPRESSED_AGAIN
        for row in rows:
            if row.kiosk_id not in why:
                continue
            alert = await self._alert(row.alert_id)
            if alert.suppressed != why[row.kiosk_id]:
                self._note(alert.alert_id, "suppressed", why=why[row.kiosk_id])
            alert.suppressed, alert.due_at = why[row.kiosk_id], later
            if alert.state == AlertState.PENDING:
                alert.state, alert.opened_at = AlertState.OPEN.value, self._now

    async def _open(self, rows: Sequence[Row[Any]]) -> None:
        """`rows` are due and nobody was told of them yet."""
        rows = await self._join_groups(rows)
        if self._rule.groups and rows:
            rows = await self._make_groups(rows)
        for row in rows:
            alert = await self._alert(row.alert_id)
            alert.state, alert.suppressed = AlertState.OPEN.value, ""
            if alert.opened_at is None:
                alert.opened_at = self._now
                self._happened(alert, Severity(alert.severity), "opened")
            await self._tell_first(alert)

    async def _tell_first(self, alert: Alert) -> None:
        """With nobody on duty and no fallback the alert is open but not told; somebody may be there in a minute."""
        if await self._router.tell(alert, MessageKind.ALERT):
            alert.told, alert.notified_at = True, self._now
            alert.due_at = self._next(alert)
        else:
            alert.due_at = self._now + _NOBODY_AGAIN

    async def _join_groups(self, rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
        """What still belongs to a group that has just been told of goes into it in silence."""
        young = self._now - timedelta(seconds=self._settings.group_window_s)
        groups = (
            await self._session.execute(
                select(Alert.alert_id, Alert.region_code).where(
                    Alert.rule == self._rule.name,
                    is_live_group(),
                    Alert.opened_at > young,
                )
            )
        ).all()
        # The narrowest first.
        for group in sorted(groups, key=lambda group: -level_of(group.region_code)):
            span = span_of(group.region_code)
            inside = [row for row in rows if row.region_code in span]
            if inside:
                await self._attach(group.alert_id, inside)
                taken = {row.alert_id for row in inside}
                rows = [row for row in rows if row.alert_id not in taken]
        return rows

    async def _make_groups(self, rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
        young = self._now - timedelta(seconds=self._settings.group_window_s)
        # Those told of singly a moment ago, and those about to be due, are part of the picture.
        others = (
            await self._session.execute(
                select(*_COLUMNS).where(
                    Alert.rule == self._rule.name,
                    Alert.live.is_not(None),
                    Alert.gone_at.is_(None),
                    Alert.group_id.is_(None),
                    Alert.members == 0,
                    Alert.suppressed == "",
                    Alert.since > young - timedelta(hours=1),
                    (Alert.state == AlertState.PENDING.value) | (Alert.opened_at > young),
                )
            )
        ).all()
        known = {row.alert_id for row in rows}
        items = [*rows, *(row for row in others if row.alert_id not in known)]
        if len(items) < self._settings.group_at(int(Level.VILLAGE)):
            return rows
        counts = await self._kiosk_counts()
        groups, _ = divide(
            items,
            lambda row: str(row.region_code),
            lambda code, level: counts.get(code, 0),
            self._settings.group_at,
        )
        grouped: set[str] = set()
        for group in groups:
            await self._open_group(group)
            grouped |= {row.alert_id for row in group.members}
        return [row for row in rows if row.alert_id not in grouped]

    async def _open_group(self, group: Group[Row[Any]]) -> None:
        subject = f"region:{group.region_code}@{self._now:%Y%m%d%H%M%S}"
        severity = self._config.of(self._rule.name, group.region_code).severity
        alert = Alert(
            alert_id=uuid4().hex,
            live=f"{self._rule.name}|{subject}",
            rule=self._rule.name,
            subject=subject,
            region_code=group.region_code,
            severity=severity,
            state=AlertState.OPEN.value,
            since=min(row.since for row in group.members),
            opened_at=self._now,
            told=False,
            members=len(group.members),
            detail={},
            repetitions=0,
            suppressed="",
        )
        self._session.add(alert)
        await self._session.flush()
        # The others go into it as they are due: see _join_groups.
        await self._attach(alert.alert_id, group.members[:_AT_MOST])
        await self._tell_first(alert)

    async def _attach(self, group_id: str, rows: Sequence[Row[Any]]) -> None:
        for page in pages([row.alert_id for row in rows], AT_ONCE):
            await self._session.execute(
                update(Alert)
                .where(Alert.alert_id.in_(page))
                .values(
                    group_id=group_id,
                    state=AlertState.OPEN.value,
                    opened_at=func.coalesce(Alert.opened_at, self._now),
                    suppressed="",
                    due_at=None,
                )
                .execution_options(synchronize_session=False)
            )
        number = await self._session.scalar(select(func.count()).where(Alert.group_id == group_id)) or 0
        await self._session.execute(
            update(Alert).where(Alert.alert_id == group_id, Alert.members < number).values(members=number)
        )

    async def _kiosk_counts(self) -> dict[str, int]:
        """Enrolled kiosks by region, from the province down to the township."""
        counts: dict[str, int] = {}
        township = func.substr(Kiosk.region_code, 1, Level.TOWNSHIP.digits)
        rows = await self._session.execute(
            select(township, func.count()).where(Kiosk.identity == IdentityState.ENROLLED.value).group_by(township)
        )
        for prefix, number in rows:
            for level in (Level.COUNTRY, Level.PROVINCE, Level.CITY, Level.COUNTY, Level.TOWNSHIP):
                code = ancestor(prefix.ljust(12, "0"), level)
                counts[code] = counts.get(code, 0) + (number if _deeper(prefix, level) else 0)
        return counts

    # Reminders

    async def _remind(self, alert: Alert) -> None:
        tuned = self._tuned(alert)
        alert.suppressed = ""
        missed = False
        if self._escalation_due(alert, tuned):
            if await self._router.tell(alert, MessageKind.ESCALATION):
                alert.escalated_at = self._now
            else:
                missed = True
        if self._again_due(alert, tuned):
            if await self._router.tell(alert, MessageKind.AGAIN):
                alert.notified_at = self._now
            else:
                missed = True
        alert.due_at = self._now + _NOBODY_AGAIN if missed else self._next(alert)

    def _again_due(self, alert: Alert, tuned: Tuned) -> bool:
        if alert.notified_at is None:  # it has got worse by a step since it was told
            return True
        return bool(tuned.again_h) and alert.notified_at + timedelta(hours=tuned.again_h) <= self._now

    def _escalation_due(self, alert: Alert, tuned: Tuned) -> bool:
        at = _escalates_at(alert, tuned)
        return at is not None and at <= self._now

    def _next(self, alert: Alert) -> datetime | None:
        """When there is something to do, as long as nothing changes."""
        tuned = self._tuned(alert)
        times = [_escalates_at(alert, tuned)]
        if tuned.again_h and alert.notified_at:
            times.append(alert.notified_at + timedelta(hours=tuned.again_h))
        return min((moment for moment in times if moment is not None), default=None)

    def _tuned(self, alert: Alert) -> Tuned:
        return self._config.of(self._rule.name, alert.region_code)

    # Small things

    async def _alert(self, alert_id: str) -> Alert:
        return await self._session.get_one(Alert, alert_id, populate_existing=True)

    async def _update(self, alert_ids: list[str], **values: Any) -> None:
        await self._session.execute(
            update(Alert)
            .where(Alert.alert_id.in_(alert_ids))
            .values(**values)
            .execution_options(synchronize_session=False)
        )

    def _note(self, alert_id: str, what: str, **detail: Any) -> None:
        self._session.add(AlertNote(alert_id=alert_id, at=self._now, what=what, actor="system", detail=detail))

    def _happened(self, alert: Alert, severity: Severity, what: str) -> None:
        """Into the kiosk's own history."""
        if alert.kiosk_id:
            detail = {"rule": alert.rule, "what": what, "alert": alert.alert_id}
            self._session.add(event(alert.kiosk_id, alert.region_code, EventKind.ALERT, self._now, severity, **detail))


def _escalates_at(alert: Alert, tuned: Tuned) -> datetime | None:
    if not tuned.escalate_min or alert.acknowledged_at or alert.escalated_at or alert.opened_at is None:
        return None
    return alert.opened_at + timedelta(minutes=tuned.escalate_min)


def _deeper(prefix: str, level: Level) -> bool:
    """Whether a township's prefix names anything at `level`: a city's hall is counted for the city and above."""
    return level_of(prefix.ljust(12, "0")) >= level


async def due_rules(session: AsyncSession, now: datetime) -> list[Rule]:
    """The rules with something to do."""
    due = set(await session.scalars(select(Alert.rule).where(Alert.due_at <= now, Alert.live.is_not(None)).distinct()))
    due |= set(await session.scalars(select(Alert.rule).where(is_live_group()).distinct()))
    return [rule for name, rule in RULES.items() if name in due]
