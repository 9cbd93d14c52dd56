"""An invented province in a realistic state: most kiosks well, some low on paper, a few jammed, closed or silent.

The same every time: what a kiosk is follows from its code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.fleet_api import DeviceReport, KioskReport
from backend.fleet.events import EventKind, Severity
from backend.fleet.health import Health, health_of, troubles_of
from backend.fleet.models import Kiosk, KioskEvent, KioskPulse, KioskState

SOFTWARE = ("1.4.0", "1.4.1", "1.5.0")
CONTENT = ("2026.10.2", "2026.11.1")
_JAM = DeviceReport(state="online", supplies={"paper": "jammed", "toner": "full"}, action="clear", detail="media-jam")
_LOW = DeviceReport(state="online", supplies={"paper": "low", "toner": "full"}, action="clear", levels={"toner": 61})
_TONER = DeviceReport(state="online", supplies={"paper": "full", "toner": "low"}, levels={"toner": 9})
_FAULTS: tuple[tuple[float, str, DeviceReport], ...] = (
    (0.003, "document_printer", _JAM),
    (0.012, "document_printer", _TONER),
    (0.022, "document_printer", _LOW),
    (0.024, "receipt_printer", DeviceReport(state="online", supplies={"paper": "out"}, action="clear")),
    (0.036, "receipt_printer", DeviceReport(state="online", supplies={"paper": "low"}, action="clear")),
    (0.038, "id_reader", DeviceReport(state="offline", action="maintenance", detail="no answer for 30 s")),
    (0.040, "camera", DeviceReport(state="noDevice", action="maintenance", detail="not on the bus")),
    (0.041, "card_terminal", DeviceReport(state="hardwareError", action="maintenance", detail="code 0x6F")),
)


def report_of(random: Random) -> KioskReport:
    devices = {
        "id_reader": DeviceReport(state="online", identity="SDT 4.1"),
        "receipt_printer": DeviceReport(state="online", supplies={"paper": "full"}),
        "document_printer": DeviceReport(
            state="online", supplies={"paper": "full", "toner": "full"}, levels={"toner": random.randint(30, 100)}
        ),
        "camera": DeviceReport(state="online"),
        "card_terminal": DeviceReport(state="online"),
        "cabinet": DeviceReport(state="online", supplies={"battery": "full"}, levels={"battery": 100}),
    }
    drawn = random.random()
    for below, name, status in _FAULTS:
        if drawn < below:
            devices[name] = status
            break
    closed = random.random() < 0.008
    return KioskReport(
        software=random.choices(SOFTWARE, (1, 3, 16))[0],
        content=random.choices(CONTENT, (1, 9))[0],
        settings=0,
        in_service=not closed,
        out_of_service="设备保养" if closed else "",
        devices=devices,
    )


def _rows(kiosks: list[tuple[str, str]], now: datetime) -> Iterator[tuple[dict[str, Any], ...]]:
    for kiosk_id, region in kiosks:
        random = Random(kiosk_id)
        # Trouble comes in clusters: a county without power, a township with a bad line.
        county = Random(region[:6]).random()
        report = report_of(random)
        troubles = troubles_of(report)
        health = health_of(report, troubles)
        if random.random() < (0.22 if county < 0.03 else 0.06 if county < 0.12 else 0.008):
            health = Health.OFFLINE
        drawn = random.random()
        identity = "enrolled"
        if drawn < 0.0002:
            health, identity = Health.QUARANTINED, "quarantined"
        elif drawn < 0.01:
            health, identity = Health.PLANNED, "planned"
        changed = now - timedelta(minutes=random.choice((3, 25, 90, 400, 2000, 9000)))
        known = health is not Health.PLANNED
        silent = health in (Health.OFFLINE, Health.PLANNED)
        state = {
            "k": kiosk_id,
            "health": health.value,
            "online": not silent,
            "online_changed_at": changed,
            "in_service": known and report.in_service,
            "report": msgspec.to_builtins(report) if known else {},
            "troubles": [trouble.as_dict() for trouble in troubles] if known else [],
            "trouble": troubles[0].code if troubles and known else "",
            "software": report.software if known else "",
            "content": report.content if known else "",
            "settings": 0,
            "changed_at": changed,
        }
        sessions = random.randint(200, 9000)
        pulse = {
            "k": kiosk_id,
            "accepts": identity == "enrolled",
            "seq": 1000 if known else 0,
            "seen_at": changed if silent else now - timedelta(seconds=random.randint(1, 60)),
            "sent_at": changed if silent else now - timedelta(seconds=random.randint(1, 60)),
            "uptime_s": random.randint(600, 3_000_000),
            "temperature_dc": random.randint(240, 460),
            "disk_free_mb": random.randint(8_000, 90_000),
            "disk_wear_pct": random.randint(1, 60),
            "counters": json.dumps({"sessions": sessions, "completed": int(sessions * 0.93), "prints": sessions}),
            "settings_wanted": 0,
            "content_wanted": CONTENT[-1],
            "software_wanted": SOFTWARE[-1],
        }
        if not known:
            pulse |= {"seen_at": None, "sent_at": None}
        kiosk = {
            "k": kiosk_id,
            "identity": identity,
            "epoch": int(known),
            "certificate_until": now + timedelta(days=random.randint(3, 90)) if known else None,
            "enrolled_at": now - timedelta(days=200) if known else None,
        }
        yield state, pulse, kiosk


async def bring_to_life(session: AsyncSession, now: datetime | None = None, events: bool = True) -> dict[str, int]:
    """Give every seeded kiosk a state; how many are of which health. The caller commits."""
    now = now or datetime.now(UTC)
    rows = await session.execute(select(Kiosk.kiosk_id, Kiosk.region_code).order_by(Kiosk.kiosk_id))
    kiosks = [(row[0], row[1]) for row in rows]
    made = _rows(kiosks, now)
    regions = dict(kiosks)
    found: dict[str, int] = {}
    history: list[dict[str, Any]] = []
    while batch := list(islice(made, 2000)):
        for table, number in ((KioskState, 0), (KioskPulse, 1), (Kiosk, 2)):
            rows_of_table = [row[number] for row in batch]
            names = [name for name in rows_of_table[0] if name != "k"]
            target = table.__table__
            statement = update(target).where(target.c.kiosk_id == bindparam("k"))
            await (await session.connection()).execute(
                statement.values({name: bindparam(f"v_{name}", type_=target.c[name].type) for name in names}),
                [{"k": row["k"], **{f"v_{name}": row[name] for name in names}} for row in rows_of_table],
            )
        for state, _, _ in batch:
            found[state["health"]] = found.get(state["health"], 0) + 1
            history += _history(state, regions[state["k"]], now)
    if events:
        history.sort(key=lambda row: row["at"])
        for start in range(0, len(history), 2000):
            await session.execute(insert(KioskEvent), history[start : start + 2000])
    return found


def _history(state: dict[str, Any], region: str, now: datetime) -> Iterator[dict[str, Any]]:
    def entry(at: datetime, kind: EventKind, severity: Severity, **detail: Any) -> dict[str, Any]:
        return {
            "kiosk_id": state["k"],
            "region_code": region,
            "at": at,
            "kind": kind.value,
            "severity": severity.value,
            "detail": detail,
        }

    health, changed = state["health"], state["changed_at"]
    if health == Health.PLANNED.value:
        return
    yield entry(now - timedelta(days=200), EventKind.ENROLLED, Severity.INFO)
    yield entry(now - timedelta(days=12), EventKind.VERSION, Severity.INFO, software=state["software"])
    if health == Health.OFFLINE.value:
        yield entry(changed, EventKind.OFFLINE, Severity.ERROR)
    elif health == Health.QUARANTINED.value:
        yield entry(changed, EventKind.QUARANTINED, Severity.ERROR)
    elif health == Health.OUT_OF_SERVICE.value:
        yield entry(changed, EventKind.SERVICE, Severity.WARNING, in_service=False)
    elif state["troubles"]:
        worst = state["troubles"][0]
        severity = Severity.ERROR if worst["severity"] == "error" else Severity.WARNING
        yield entry(changed, EventKind.DEVICE, severity, began=[worst["code"]], health=health)
