"""Who is told, on which ways, and when: messages are written here, into the transaction that opens or clears."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.duty.models import DutyPerson
from backend.alerts.duty.roster import OnDuty, on_duty
from backend.alerts.messages import CHINA, Place, compose, facts
from backend.alerts.models import Alert, AlertMessage, AlertNote, MessageKind, MessageState
from backend.alerts.observe import raise_alert
from backend.alerts.rules.desk import DUTY
from backend.alerts.settings import AlertsSettings
from backend.fleet.events import Severity
from backend.fleet.models import Kiosk, Site
from backend.regions.division import COUNTRY, lineage, parent_of
from backend.regions.models import Region

# Who has the alert or may still get it: nobody else is told that it is over.
_GOT = (MessageState.SENT.value, MessageState.WAITING.value)


@dataclass(frozen=True)
class Way:
    channel: str
    address: str
    person: str = ""
    language: str = "zh"


def ways_of(person: DutyPerson, severity: str) -> list[Way]:
    """Text messages wake people: for errors only."""
    ways = [("email", person.email), ("webhook", person.webhook)]
    if severity == Severity.ERROR or not (person.email or person.webhook):
        ways.append(("sms", person.phone))
    return [Way(channel, address, person.name, person.language) for channel, address in ways if address]


def quiet_until(settings: AlertsSettings, severity: str, now: datetime) -> datetime | None:
    """The end of the quiet hours this message has to wait for; None: it goes at once."""
    if severity == Severity.ERROR or not settings.quiet_hours:
        return None
    start, _, end = settings.quiet_hours.partition("-")
    first, last = time.fromisoformat(start), time.fromisoformat(end)
    local = now.astimezone(CHINA)
    clock = local.time()
    inside = first <= clock < last if first < last else clock >= first or clock < last
    if not inside:
        return None
    until = local.replace(hour=last.hour, minute=last.minute, second=0, microsecond=0)
    return until if until > local else until + timedelta(days=1)


class Router:
    """For one round: what it looked up is remembered."""

    def __init__(self, session: AsyncSession, settings: AlertsSettings, public_url: str, now: datetime) -> None:
        self._session = session
        self._settings = settings
        self._url = public_url.rstrip("/")
        self._now = now
        self._duty: dict[str, OnDuty | None] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self._empty: set[str] = set()
        self.written = 0

    async def tell(self, alert: Alert, kind: MessageKind) -> bool:
        """Write the messages of an alert that opens, is repeated or escalated. False: there is nobody to tell."""
        ways = await self._ways(alert, kind)
        if not ways:
            return False
        await self._write(alert, kind, ways)
        self._note(alert, kind.value, told=sorted({way.person or way.channel for way in ways}))
        return True

    async def all_clear(self, alert: Alert) -> None:
        """To those who got the alert; what still waits for the end of the quiet hours is dropped instead."""
        await self._session.execute(
            update(AlertMessage)
            .where(
                AlertMessage.alert_id == alert.alert_id,
                AlertMessage.state == MessageState.WAITING.value,
                AlertMessage.attempts == 0,
                AlertMessage.next_at > self._now,
            )
            .values(state=MessageState.DROPPED.value)
        )
        told = await self._session.execute(
            select(AlertMessage.channel, AlertMessage.address, AlertMessage.person, AlertMessage.facts)
            .where(AlertMessage.alert_id == alert.alert_id, AlertMessage.state.in_(_GOT))
            .order_by(AlertMessage.number)
        )
        ways = {
            (row.channel, row.address): Way(row.channel, row.address, row.person, row.facts["language"]) for row in told
        }
        await self._write(alert, MessageKind.CLEAR, list(ways.values()))
        self._note(alert, "cleared", told=sorted({way.person or way.channel for way in ways.values()}))

    async def _ways(self, alert: Alert, kind: MessageKind) -> list[Way]:
        found = None if alert.rule == DUTY.name else await self._on_duty(alert.region_code)
        if kind is MessageKind.ESCALATION and found is not None:
            above = parent_of(found.region_code)
            found = await self._on_duty(above) if above else None
        elif found is None and alert.rule != DUTY.name:
            await self._nobody(alert.region_code)
        if found is not None:
            ways = [way for person in found.people for way in ways_of(person, alert.severity)]
            if ways:
                return ways
        settings = self._settings
        fallback = (
            ("email", settings.fallback_email),
            ("webhook", settings.fallback_webhook),
            ("sms", settings.fallback_phone if alert.severity == Severity.ERROR else ""),
        )
        return [Way(channel, address) for channel, address in fallback if address]

    async def _on_duty(self, region_code: str) -> OnDuty | None:
        if region_code not in self._duty:
            self._duty[region_code] = await on_duty(self._session, region_code, self._now)
        return self._duty[region_code]

    async def _nobody(self, region_code: str) -> None:
        # One trouble for a province, not one for each of its villages.
        top = lineage(region_code)[1] if region_code != COUNTRY else COUNTRY
        if top in self._empty:
            return
        self._empty.add(top)
        await raise_alert(self._session, DUTY.name, f"region:{top}", top, self._now)

    async def _write(self, alert: Alert, kind: MessageKind, ways: list[Way]) -> None:
        place = await self.place_of(alert)
        link = f"{self._url}/console/alerts/{alert.alert_id}"
        # The all-clear of what was told goes the same way at once, unless it would wake somebody.
        later = quiet_until(self._settings, alert.severity, self._now)
        for way in ways:
            composed = compose(alert, kind, place, link, self._now, way.language)
            self._session.add(
                AlertMessage(
                    message_id=uuid4().hex,
                    alert_id=alert.alert_id,
                    kind=kind.value,
                    channel=way.channel,
                    address=way.address,
                    person=way.person,
                    title=composed.title,
                    text=composed.text,
                    facts={**facts(alert, kind, place, link, self._now), "language": way.language},
                    state=MessageState.WAITING.value,
                    created_at=self._now,
                    next_at=later or self._now,
                    attempts=0,
                )
            )
            self.written += 1
        await self._session.flush()

    def _note(self, alert: Alert, what: str, **detail: Any) -> None:
        self._session.add(AlertNote(alert_id=alert.alert_id, at=self._now, what=what, actor="system", detail=detail))

    async def place_of(self, alert: Alert) -> Place:
        """The names of where it is."""
        codes = [code for code in lineage(alert.region_code)[1:] if code not in self._names]
        if codes:
            for region in await self._session.scalars(select(Region).where(Region.code.in_(codes))):
                self._names[region.code] = (region.name_zh, region.name_en)
        # From the city down; the province only where it is the place itself.
        path = lineage(alert.region_code)[1:]
        names = [self._names[code] for code in (path[1:] or path) if code in self._names]
        zh, en = " ".join(name[0] for name in names), ", ".join(name[1] for name in reversed(names))
        site = None
        if alert.kiosk_id:
            query = select(Site).join(Kiosk, Kiosk.site_id == Site.site_id).where(Kiosk.kiosk_id == alert.kiosk_id)
            site = await self._session.scalar(query)
        return Place(zh, en, site.name_zh if site else "", site.name_en if site else "")
