"""What a heartbeat changes in the picture of a kiosk: its state, and the entries in its history.

Troubles that no device reports are put among the others: "clock.skewed", "storage.low", "interface.stuck".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from backend.contract.fleet_api import DeviceReport, ErrorReport, KioskReport
from backend.fleet.events import EventKind, Severity
from backend.fleet.health import Trouble, health_of, troubles_of

_BETWEEN, _BAD = "1", "2"
# By place in the levels of `heartbeat.beats`: trouble, device, its state in the history
_CONDITIONS = (
    (Trouble("clock.skewed", "warning", "technician"), "clock"),
    (Trouble("storage.low", "warning", "technician"), "storage"),
    (Trouble("interface.stuck", "error", "restart"), "interface"),
)
_ERROR_STATES = ("out", "jammed")
_WELL = ("online", "deviceBusy", "starting")

_report = msgspec.json.Decoder(KioskReport).decode
_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True)
class Known:
    """The state as it is stored; `report` and `troubles` are JSON."""

    region_code: str
    online: bool
    report: str
    troubles: str


@dataclass(frozen=True)
class Entry:
    """An event to be written."""

    kind: EventKind
    severity: Severity
    detail: dict[str, Any]


@dataclass(frozen=True)
class Heard:
    """`report` None: the same as before. `levels`: see beats."""

    report: KioskReport | None
    levels: str
    restarted: bool
    errors: list[ErrorReport]


@dataclass
class Change:
    kiosk_id: str
    region_code: str
    entries: list[Entry] = field(default_factory=list)
    state: State | None = None


@dataclass(frozen=True)
class State:
    """The columns of KioskState; JSON where a column is."""

    health: str
    in_service: bool
    report: str
    troubles: str
    trouble: str
    software: str
    content: str
    settings: int


def change_of(kiosk_id: str, known: Known, heard: Heard) -> Change:
    change = Change(kiosk_id, known.region_code)
    if not known.online:
        change.entries.append(Entry(EventKind.ONLINE, Severity.INFO, {}))
    if heard.restarted:
        change.entries.append(Entry(EventKind.RESTARTED, Severity.INFO, {}))
    if heard.report is not None:
        before = _stored_report(known.report)
        troubled = {trouble["code"] for trouble in msgspec.json.decode(known.troubles or "[]")}
        conditions = [
            trouble
            for (trouble, _), level in zip(_CONDITIONS, heard.levels, strict=True)
            if level == _BAD or (level == _BETWEEN and trouble.code in troubled)
        ]
        change.entries += _conditions(troubled, {trouble.code for trouble in conditions})
        if before is not None:
            change.entries += _differences(before, heard.report)
        else:
            change.entries += _troubled_devices(heard.report)
        change.state = _state(heard.report, conditions)
    change.entries += [_error(error) for error in heard.errors]
    return change


def _state(report: KioskReport, conditions: list[Trouble]) -> State:
    troubles = sorted([*troubles_of(report), *conditions], key=lambda one: (one.severity != "error", one.code))
    return State(
        health=health_of(report, troubles).value,
        in_service=report.in_service,
        report=_encode(report).decode(),
        troubles=_encode([trouble.as_dict() for trouble in troubles]).decode(),
        trouble=troubles[0].code[:60] if troubles else "",
        software=report.software,
        content=report.content,
        settings=max(-(2**31), min(report.settings, 2**31 - 1)),
    )


def _stored_report(text: str) -> KioskReport | None:
    """None: there was none yet, or one of an older program that we cannot read any more."""
    if text in ("", "{}"):
        return None
    try:
        return _report(text)
    except (msgspec.DecodeError, UnicodeError):
        return None


def _conditions(before: set[str], now: set[str]) -> list[Entry]:
    entries: list[Entry] = []
    for trouble, device in _CONDITIONS:
        was, is_now = trouble.code in before, trouble.code in now
        if was != is_now:
            bad, well = {"state": trouble.code.partition(".")[2]}, {"state": "online"}
            severity = Severity(trouble.severity) if is_now else Severity.INFO
            detail = {"device": device, "before": bad if was else well, "after": bad if is_now else well}
            entries.append(Entry(EventKind.DEVICE, severity, detail))
    return entries


def _differences(before: KioskReport, after: KioskReport) -> list[Entry]:
    entries: list[Entry] = []
    detail: dict[str, Any]
    for name in sorted(before.devices.keys() | after.devices.keys()):
        old, new = _shown(before.devices.get(name)), _shown(after.devices.get(name))
        if old != new:
            detail = {"device": name, "before": old, "after": new}
            entries.append(Entry(EventKind.DEVICE, _severity(after.devices.get(name)), detail))
    for name in ("software", "content"):
        old_version, new_version = getattr(before, name), getattr(after, name)
        if old_version != new_version:
            detail = {"of": name, "before": old_version, "after": new_version}
            entries.append(Entry(EventKind.VERSION, Severity.INFO, detail))
    if before.settings != after.settings:
        detail = {"before": before.settings, "after": after.settings}
        entries.append(Entry(EventKind.SETTINGS, Severity.INFO, detail))
    if before.in_service != after.in_service:
        detail = {"in_service": after.in_service, "reason": after.out_of_service}
        entries.append(Entry(EventKind.SERVICE, Severity.INFO if after.in_service else Severity.WARNING, detail))
    return entries


def _troubled_devices(report: KioskReport) -> list[Entry]:
    """The first report: what is well needs no entry."""
    return [
        Entry(EventKind.DEVICE, severity, {"device": name, "before": {}, "after": _shown(device)})
        for name, device in sorted(report.devices.items())
        if (severity := _severity(device)) is not Severity.INFO
    ]


def _shown(device: DeviceReport | None) -> dict[str, Any]:
    """What makes a change: not the level, which falls all the time."""
    if device is None:
        return {}
    shown: dict[str, Any] = {"state": device.state}
    if device.supplies:
        shown["supplies"] = device.supplies
    if device.action != "none":
        shown["action"] = device.action
    if device.identity:
        shown["identity"] = device.identity
    return shown


def _severity(device: DeviceReport | None) -> Severity:
    if device is None:
        return Severity.WARNING
    if device.state not in _WELL or any(state in _ERROR_STATES for state in device.supplies.values()):
        return Severity.ERROR
    return Severity.WARNING if "low" in device.supplies.values() else Severity.INFO


def _error(error: ErrorReport) -> Entry:
    detail = {
        "code": error.code.replace("\x00", ""),
        "count": error.count,
        "where": error.where.replace("\x00", ""),
        "at": error.at.isoformat(),
    }
    return Entry(EventKind.ERROR, Severity.ERROR, detail)
