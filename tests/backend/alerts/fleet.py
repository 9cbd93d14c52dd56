"""A small fleet under a clock of its own, for the alerts' tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from backend.alerts.engine import Engine
from backend.alerts.models import Alert, AlertMessage, MessageState
from backend.alerts.settings import AlertsSettings
from backend.contract.fleet_api import IdentityState
from backend.db.engine import Sessions, writing
from backend.fleet.events import EventKind, Severity, event
from backend.fleet.health import Health
from backend.fleet.models import Kiosk, KioskPulse, KioskState
from backend.fleet.seed import seed_province

START = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in China
LINK = "http://desk.invalid"


@dataclass
class Fleet:
    sessions: Sessions
    now: datetime = START
    settings: AlertsSettings = field(
        default_factory=lambda: AlertsSettings(fallback_email="desk@example.org", sweep_s=300, scan_s=60)
    )
    kiosks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A new process: nothing is remembered."""
        self.engine = Engine(self.sessions, self.settings, LINK, clock=lambda: self.now)

    async def seed(self, share: float) -> None:
        """Everybody enrolled, online and well."""
        async with writing(self.sessions) as session:
            await seed_province(session, share)
            await session.execute(update(Kiosk).values(identity=IdentityState.ENROLLED.value))
            await session.execute(
                update(KioskState).values(health=Health.OK.value, online=True, online_changed_at=self.now)
            )
            await session.execute(update(KioskPulse).values(seen_at=self.now, sent_at=self.now))
            await session.commit()
            self.kiosks = list(await session.scalars(select(Kiosk.kiosk_id).order_by(Kiosk.kiosk_id)))

    async def silence(self, kiosks: Iterable[str], *, events: bool = True) -> None:
        """What the heartbeat's sweep does: they have not been heard for more than two minutes."""
        await self._set(kiosks, EventKind.OFFLINE if events else None, health=Health.OFFLINE.value, online=False)

    async def back(self, kiosks: Iterable[str], *, events: bool = True) -> None:
        await self._set(kiosks, EventKind.ONLINE if events else None, health=Health.OK.value, online=True)

    async def trouble(self, kiosk: str, *codes: str, severity: str = "error") -> None:
        """The kiosk reports these troubles; none: it is well again."""
        troubles = [{"code": code, "severity": severity, "action": "maintenance", "detail": ""} for code in codes]
        health = Health.FAULT if troubles else Health.OK
        worst = codes[0][:60] if codes else ""  # as fleet.changes does
        await self._set([kiosk], EventKind.DEVICE, health=health.value, online=True, troubles=troubles, trouble=worst)

    async def measure(self, kiosk: str, **values: Any) -> None:
        """The heartbeat says so; it makes no event."""
        async with writing(self.sessions) as session:
            await session.execute(update(KioskPulse).where(KioskPulse.kiosk_id == kiosk).values(**values))
            await session.commit()

    async def _set(self, kiosks: Iterable[str], kind: EventKind | None, **values: Any) -> None:
        ids = list(kiosks)
        async with writing(self.sessions) as session:
            for start in range(0, len(ids), 5000):
                page = ids[start : start + 5000]
                changed = {"changed_at": self.now, **values}
                if "online" in values:
                    changed["online_changed_at"] = self.now
                await session.execute(update(KioskState).where(KioskState.kiosk_id.in_(page)).values(**changed))
                if kind is not None:
                    session.add_all(event(kiosk, kiosk[2:], kind, self.now, Severity.ERROR) for kiosk in page)
                await session.flush()
                session.expunge_all()
            await session.commit()

    async def wait(self, seconds: float, *, step: float = 15.0) -> None:
        """Time goes by, and the engine does its rounds."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.now = min(self.now + timedelta(seconds=step), end)
            await self.engine.round()

    async def alerts(self, **equal: Any) -> Sequence[Alert]:
        async with self.sessions() as session:
            query = select(Alert).filter_by(**equal).order_by(Alert.since, Alert.subject)
            return list(await session.scalars(query))

    async def messages(self, **equal: Any) -> Sequence[AlertMessage]:
        """What went, or will go, out; in order."""
        async with self.sessions() as session:
            query = select(AlertMessage).filter_by(**equal).where(AlertMessage.state != MessageState.DROPPED.value)
            return list(await session.scalars(query.order_by(AlertMessage.number)))

    async def told(self, rule: str = "") -> list[str]:
        """The kinds of messages, in order, leaving out those about empty rosters."""
        return [
            one.kind
            for one in await self.messages()
            if one.facts["rule"] != "duty-empty" and (not rule or one.facts["rule"] == rule)
        ]
