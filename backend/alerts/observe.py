"""From what is wrong now to alerts: the difference between findings and living alerts, written once.

Nothing here depends on having seen every event: whoever looks again at the same facts writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.config import RuleConfig
from backend.alerts.models import Alert, AlertState
from backend.alerts.rules import KIOSK_RULES, Facts, Finding, Rule
from backend.alerts.sql import AT_ONCE, insert_new, pages
from backend.contract.fleet_api import IdentityState
from backend.fleet.health import Health
from backend.fleet.models import Kiosk, KioskPulse, KioskState

# Gone and back so often while still pending: flapping is a trouble too, open it.
FLAPS = 3
_LONGEST_PART = 81  # of a subject: a device's and a supply's name
_STEP = "step"  # in an alert's detail: how far it has got worse

_LIVE = (
    Alert.alert_id,
    Alert.live,
    Alert.rule,
    Alert.subject,
    Alert.kiosk_id,
    Alert.region_code,
    Alert.severity,
    Alert.state,
    Alert.gone_at,
    Alert.repetitions,
    Alert.group_id,
    Alert.detail,
)


@dataclass(frozen=True)
class Seen:
    """A finding with its place."""

    rule: str
    subject: str
    kiosk_id: str | None
    region_code: str
    finding: Finding

    @property
    def key(self) -> str:
        return f"{self.rule}|{self.subject}"


def subject_of(kiosk_id: str, part: str = "") -> str:
    """Fits its column, whatever the kiosk calls its devices."""
    if len(part) > _LONGEST_PART:
        part = f"{part[:60]}~{hashlib.blake2b(part.encode(), digest_size=8).hexdigest()}"
    return f"kiosk:{kiosk_id}/{part}" if part else f"kiosk:{kiosk_id}"


async def observe_kiosks(session: AsyncSession, kiosk_ids: Sequence[str], config: RuleConfig, now: datetime) -> None:
    """Look at these kiosks (a page of at most a few thousand). The caller commits."""
    rows = await session.execute(
        select(Kiosk, KioskState, KioskPulse)
        .join(KioskState, KioskState.kiosk_id == Kiosk.kiosk_id)
        .join(KioskPulse, KioskPulse.kiosk_id == Kiosk.kiosk_id)
        .where(Kiosk.kiosk_id.in_(kiosk_ids))
        .execution_options(populate_existing=True)
    )
    seen: list[Seen] = []
    silent: set[str] = set()
    for kiosk, state, pulse in rows:
        facts = Facts(kiosk, state, pulse, now)
        if state.health == Health.OFFLINE:
            silent.add(kiosk.kiosk_id)
        seen += _findings(facts, config)
    living = (await session.execute(select(*_LIVE).where(Alert.kiosk_id.in_(kiosk_ids), Alert.live.is_not(None)))).all()
    looked = [row for row in living if _looked_at(row, silent)]
    session.expunge_all()
    await write_difference(session, looked, seen, config, now)


def _looked_at(row: Row[Any], silent: set[str]) -> bool:
    rule = _BY_NAME.get(row.rule)
    return rule is not None and not (rule.frozen_offline and row.kiosk_id in silent)


_BY_NAME = {rule.name: rule for rule in KIOSK_RULES}


def _findings(facts: Facts, config: RuleConfig) -> Iterable[Seen]:
    if facts.kiosk.identity not in (IdentityState.ENROLLED, IdentityState.QUARANTINED):
        return
    offline = facts.state.health == Health.OFFLINE
    for rule in KIOSK_RULES:
        assert rule.look is not None  # noqa: S101
        if rule.frozen_offline and offline:
            continue
        tuned = config.of(rule.name, facts.kiosk.region_code)
        if not tuned.enabled:
            continue
        for finding in rule.look(facts, tuned.threshold):
            subject = subject_of(facts.kiosk.kiosk_id, finding.part)
            yield Seen(rule.name, subject, facts.kiosk.kiosk_id, facts.kiosk.region_code, finding)


async def observe_whole(
    session: AsyncSession, rule: Rule, found: Sequence[Seen], config: RuleConfig, now: datetime
) -> None:
    """`found` is everything that is wrong under `rule` now; what is not in it is gone. The caller commits."""
    query = select(*_LIVE).where(Alert.rule == rule.name, Alert.live.is_not(None), Alert.members == 0)
    living = (await session.execute(query)).all()
    kept = [one for one in found if config.of(rule.name, one.region_code).enabled]
    await write_difference(session, living, kept, config, now)


async def write_difference(
    session: AsyncSession, living: Sequence[Row[Any]], seen: Sequence[Seen], config: RuleConfig, now: datetime
) -> None:
    by_key = {one.key: one for one in seen}
    known = {row.live for row in living}
    new = [_new(one, config, now) for key, one in by_key.items() if key not in known and not one.finding.only_keeps]
    await insert_new(session, Alert, new)
    # Most changes are alike (a province comes back in one moment): one statement for all that are.
    alike: dict[tuple[Any, ...], list[str]] = {}
    for row in living:
        one = by_key.get(row.live)
        if one is not None and one.finding.only_keeps and row.state == AlertState.PENDING:
            one = None  # nobody was told of it: whoever keeps it tells for itself
        change = _gone(row, config, now) if one is None else _there(row, one, config, now)
        detail = change.pop("detail", None)
        if change:
            alike.setdefault(tuple(sorted(change.items())), []).append(row.alert_id)
        if detail is not None:
            await session.execute(update(Alert).where(Alert.alert_id == row.alert_id).values(detail=detail))
    for values, alert_ids in alike.items():
        for page in pages(alert_ids, AT_ONCE):
            await session.execute(
                update(Alert)
                .where(Alert.alert_id.in_(page))
                .values(**dict(values))
                .execution_options(synchronize_session=False)
            )


def _new(one: Seen, config: RuleConfig, now: datetime) -> dict[str, Any]:
    tuned = config.of(one.rule, one.region_code)
    return {
        "alert_id": uuid4().hex,
        "live": one.key,
        "rule": one.rule,
        "subject": one.subject,
        "kiosk_id": one.kiosk_id,
        "region_code": one.region_code,
        "severity": tuned.severity,
        "state": AlertState.PENDING.value,
        "since": min(one.finding.since, now),
        "due_at": now + timedelta(seconds=tuned.hold_s),
        "detail": _detail(one.finding),
        "repetitions": 0,
        "suppressed": "",
        "told": False,
        "members": 0,
    }


def _gone(row: Row[Any], config: RuleConfig, now: datetime) -> dict[str, Any]:
    if row.gone_at is not None:
        return {}
    return {"gone_at": now, "due_at": now + timedelta(seconds=config.of(row.rule, row.region_code).quiet_s)}


def _there(row: Row[Any], one: Seen, config: RuleConfig, now: datetime) -> dict[str, Any]:
    change: dict[str, Any] = {}
    tuned = config.of(row.rule, one.region_code)
    if row.gone_at is not None:
        due = now
        if row.state == AlertState.PENDING and row.repetitions + 1 < FLAPS:
            due = now + timedelta(seconds=tuned.hold_s)
        change = {"gone_at": None, "repetitions": row.repetitions + 1, "due_at": due}
    if row.severity != tuned.severity:
        change["severity"] = tuned.severity
    if row.region_code != one.region_code:  # the kiosk has moved
        change["region_code"] = one.region_code
    if one.finding.only_keeps:
        return change
    if one.finding.step > row.detail.get(_STEP, 0) and row.state == AlertState.OPEN:
        # Told anew, see Progress._remind.
        change |= {"notified_at": None, "due_at": now}
    # A measured value moves all the time: it is kept as it was when the alert came.
    detail = _detail(one.finding)
    if "value" not in row.detail and row.detail != detail:
        change["detail"] = detail
    return change


def _detail(finding: Finding) -> dict[str, Any]:
    return {**finding.detail, _STEP: finding.step} if finding.step else finding.detail


async def raise_alert(
    session: AsyncSession,
    rule: str,
    subject: str,
    region_code: str,
    now: datetime,
    *,
    kiosk_id: str | None = None,
    since: datetime | None = None,
    **detail: Any,
) -> None:
    """For other packages: there is a trouble. Calling it again changes nothing. The caller commits."""
    config = await RuleConfig.load(session)
    one = Seen(rule, subject, kiosk_id, region_code, Finding(since or now, detail=detail))
    if config.of(rule, region_code).enabled:
        await write_difference(session, await _living(session, one.key), [one], config, now)


async def settle_alert(session: AsyncSession, rule: str, subject: str, now: datetime) -> None:
    """For other packages: that trouble is gone. The caller commits."""
    living = await _living(session, f"{rule}|{subject}")
    await write_difference(session, living, [], await RuleConfig.load(session), now)


async def _living(session: AsyncSession, key: str) -> Sequence[Row[Any]]:
    return (await session.execute(select(*_LIVE).where(Alert.live == key))).all()
