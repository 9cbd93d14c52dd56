"""What is known of one kiosk and of one site: for its page and for the staff API. Never personal data: of payments and
certificates only how many, how much and in which state."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.certificates.models import Certificate
from backend.fleet.models import Kiosk, KioskPulse, KioskState, Site
from backend.payments.models import PaymentRow
from backend.reports.days import before, day_of
from backend.reports.models import KioskDay, UsageDay

CLOCK_OFF_S = 120  # from here on a kiosk's clock is wrong
_WELL = ("online", "deviceBusy", "starting")


@dataclass(frozen=True)
class Supply:
    name: str
    state: str
    level: int | None  # percent left


@dataclass(frozen=True)
class DeviceLine:
    name: str
    state: str
    action: str
    detail: str
    identity: str
    supplies: list[Supply]

    @property
    def well(self) -> bool:
        return self.state in _WELL and all(supply.state not in ("out", "jammed") for supply in self.supplies)


def devices_of(report: dict[str, Any]) -> list[DeviceLine]:
    """The devices of a report, those in trouble first."""
    lines = []
    for name, device in sorted((report.get("devices") or {}).items()):
        states, levels = device.get("supplies") or {}, device.get("levels") or {}
        supplies = [
            Supply(supply, states.get(supply, ""), levels.get(supply)) for supply in sorted(set(states) | set(levels))
        ]
        lines.append(
            DeviceLine(
                name,
                device.get("state", "unknown"),
                device.get("action", "none"),
                device.get("detail", ""),
                device.get("identity", ""),
                supplies,
            )
        )
    return sorted(lines, key=lambda line: line.well)


@dataclass(frozen=True)
class Whole:
    kiosk: Kiosk
    state: KioskState
    pulse: KioskPulse
    site: Site

    @property
    def devices(self) -> list[DeviceLine]:
        return devices_of(self.state.report)

    @property
    def counters(self) -> dict[str, int]:
        """Totals of the kiosk's life."""
        return {key: value for key, value in json.loads(self.pulse.counters).items() if isinstance(value, int)}

    @property
    def clock_ahead_s(self) -> int | None:
        """How far the kiosk's clock was ahead of ours at its last heartbeat, seconds."""
        if self.pulse.seen_at is None or self.pulse.sent_at is None:
            return None
        return round((self.pulse.sent_at - self.pulse.seen_at).total_seconds())

    @property
    def temperature_c(self) -> float | None:
        return None if self.pulse.temperature_dc is None else self.pulse.temperature_dc / 10


async def whole(session: AsyncSession, kiosk: Kiosk) -> Whole:
    """Everything that hangs on a kiosk; its rows are made together with it."""
    row = (
        await session.execute(
            select(KioskState, KioskPulse, Site)
            .join(KioskPulse, KioskPulse.kiosk_id == KioskState.kiosk_id)
            .join(Site, Site.site_id == kiosk.site_id)
            .where(KioskState.kiosk_id == kiosk.kiosk_id)
        )
    ).one()
    return Whole(kiosk, row[0], row[1], row[2])


@dataclass(frozen=True)
class Done:
    """So many payments or certificates in a state. `fen` is 0 for certificates."""

    state: str
    count: int
    fen: int


async def payments_of(session: AsyncSession, kiosk_ids: Sequence[str], since: datetime) -> list[Done]:
    rows = await session.execute(
        select(PaymentRow.state, func.count(), func.coalesce(func.sum(PaymentRow.amount_fen), 0))
        .where(PaymentRow.kiosk_id.in_(kiosk_ids), PaymentRow.created_at >= since)
        .group_by(PaymentRow.state)
        .order_by(PaymentRow.state)
    )
    return [Done(state, count, int(fen)) for state, count, fen in rows]


async def certificates_of(session: AsyncSession, kiosk_ids: Sequence[str], since: datetime) -> list[Done]:
    rows = await session.execute(
        select(Certificate.state, func.count())
        .where(Certificate.kiosk_id.in_(kiosk_ids), Certificate.issued_at >= since)
        .group_by(Certificate.state)
        .order_by(Certificate.state)
    )
    return [Done(state, count, 0) for state, count in rows]


async def usage_of(session: AsyncSession, kiosk_id: str, now: datetime, days: int = 30) -> list[UsageDay]:
    """The last days on which something was done, oldest first."""
    since = before(day_of(now), days - 1)
    rows = await session.scalars(
        select(UsageDay).where(UsageDay.kiosk_id == kiosk_id, UsageDay.day >= since).order_by(UsageDay.day)
    )
    return list(rows)


async def days_of(session: AsyncSession, kiosk_ids: Sequence[str], now: datetime, days: int = 30) -> list[KioskDay]:
    """The days' availability, oldest first."""
    since = before(day_of(now), days - 1)
    rows = await session.scalars(
        select(KioskDay)
        .where(KioskDay.kiosk_id.in_(kiosk_ids), KioskDay.day >= since)
        .order_by(KioskDay.day, KioskDay.kiosk_id)
    )
    return list(rows)


def month_ago(now: datetime) -> datetime:
    return now - timedelta(days=30)
