"""How long a kiosk was what, from its history. Nothing here asks a database.

    serving   heard, in service, every device works
    faulty    heard, in service, but a device fails: some services are closed
    closed    heard, out of service
    offline   not heard, or its identity is quarantined
    unknown   whatever it was, the desk itself was down and cannot say

Before a kiosk is enrolled, and after it is revoked or retired, nothing is counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from backend.fleet.events import EventKind
from backend.fleet.health import Health


class Was(StrEnum):
    SERVING = "serving"
    FAULTY = "faulty"
    CLOSED = "closed"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Condition:
    """What has to be remembered to read the next event."""

    counted: bool = False  # enrolled
    online: bool = False
    in_service: bool = True
    failing: frozenset[str] = frozenset()  # devices
    quarantined: bool = False

    @property
    def was(self) -> Was | None:
        if not self.counted:
            return None
        if self.quarantined or not self.online:
            return Was.OFFLINE
        if not self.in_service:
            return Was.CLOSED
        return Was.FAULTY if self.failing else Was.SERVING

    def to_text(self) -> str:
        flags = (self.counted, self.online, self.in_service, self.quarantined)
        return json.dumps(["".join(str(int(flag)) for flag in flags), *sorted(self.failing)[:20]])

    @classmethod
    def from_text(cls, text: str) -> Condition:
        flags, *failing = json.loads(text)
        counted, online, in_service, quarantined = (flag == "1" for flag in flags)
        return cls(counted, online, in_service, frozenset(failing), quarantined)


@dataclass(frozen=True)
class Happening:
    """An event, as far as it matters here."""

    at: datetime
    kind: str
    severity: str = "info"
    detail: dict[str, Any] = field(default_factory=dict)


MATTERS = (
    EventKind.ENROLLED.value,
    EventKind.REVOKED.value,
    EventKind.RETIRED.value,
    EventKind.WIPED.value,
    EventKind.QUARANTINED.value,
    EventKind.RELEASED.value,
    EventKind.ONLINE.value,
    EventKind.OFFLINE.value,
    EventKind.SERVICE.value,
    EventKind.DEVICE.value,
)


# As in fleet.changes, where these events are made.
_WELL = ("online", "deviceBusy", "starting")
_FAILED = ("out", "jammed")
_ONLY_WARN = ("clock", "storage")


def after(condition: Condition, happening: Happening) -> Condition:
    """The condition once it has happened."""
    match happening.kind:
        case EventKind.ENROLLED.value:
            # Not heard yet. What its last report said stays: the next one is compared with that.
            return replace(condition, counted=True, online=False, quarantined=False)
        case EventKind.REVOKED.value | EventKind.RETIRED.value | EventKind.WIPED.value:
            return replace(condition, counted=False, online=False, quarantined=False)
        case EventKind.QUARANTINED.value:
            return replace(condition, quarantined=True)
        case EventKind.RELEASED.value:
            return replace(condition, quarantined=False)
        case EventKind.ONLINE.value:
            return replace(condition, counted=True, online=True)
        case EventKind.OFFLINE.value:
            return replace(condition, counted=True, online=False)
        case EventKind.SERVICE.value:
            return replace(condition, in_service=bool(happening.detail.get("in_service", True)))
        case EventKind.DEVICE.value:
            device = str(happening.detail.get("device", "?"))[:40]
            failing = condition.failing - {device}
            return replace(condition, failing=failing | {device} if happening.severity == "error" else failing)
    return condition


def from_state(health: str, in_service: bool = True, troubles: Iterable[dict[str, Any]] = ()) -> Condition:
    """The condition a kiosk is in now, by its state."""
    if health in (Health.PLANNED.value, Health.RETIRED.value):
        return Condition()
    unheard = health in (Health.OFFLINE.value, Health.QUARANTINED.value, Health.REVOKED.value)
    devices = (str(one.get("code", "")).partition(".")[0][:40] for one in troubles if one.get("severity") == "error")
    return Condition(
        counted=True,
        online=health != Health.OFFLINE.value,
        in_service=in_service if unheard else health != Health.OUT_OF_SERVICE.value,
        failing=frozenset(devices),
        quarantined=health == Health.QUARANTINED.value,
    )


def wound_back(condition: Condition, since: Sequence[Happening]) -> Condition:
    """The condition before all that has happened `since`, for a kiosk nobody has kept days of."""
    for happening in reversed(since):
        condition = _before(condition, happening)
    return condition


def _before(condition: Condition, happening: Happening) -> Condition:
    match happening.kind:
        case EventKind.ENROLLED.value:
            return replace(condition, counted=False, online=False)
        case EventKind.REVOKED.value | EventKind.RETIRED.value | EventKind.WIPED.value:
            return replace(condition, counted=True)
        case EventKind.QUARANTINED.value:
            return replace(condition, quarantined=False)
        case EventKind.RELEASED.value:
            return replace(condition, quarantined=True)
        case EventKind.ONLINE.value:
            return replace(condition, online=False)
        case EventKind.OFFLINE.value:
            return replace(condition, counted=True, online=True)
        case EventKind.SERVICE.value:
            return replace(condition, in_service=not happening.detail.get("in_service", True))
        case EventKind.DEVICE.value:
            device = str(happening.detail.get("device", "?"))[:40]
            failing = condition.failing - {device}
            return replace(condition, failing=failing | {device} if _failed(device, happening) else failing)
    return condition


def _failed(device: str, happening: Happening) -> bool:
    before = happening.detail.get("before") or {}
    if not before or device in _ONLY_WARN:
        return False
    return before.get("state") not in _WELL or any(one in _FAILED for one in (before.get("supplies") or {}).values())


Gap = tuple[datetime, datetime]


def spend(
    condition: Condition, happenings: Iterable[Happening], begin: datetime, end: datetime, gaps: Sequence[Gap] = ()
) -> tuple[dict[Was, int], Condition]:
    """Seconds of each kind between `begin` and `end`, and the condition at the end. `happenings` in the order they
    were heard of; a clock that went back makes none of them negative."""
    spent: dict[Was, float] = dict.fromkeys(Was, 0.0)
    now = begin
    for happening in happenings:
        then = min(max(happening.at, now), end)
        _add(spent, condition.was, now, then, gaps)
        condition, now = after(condition, happening), then
    _add(spent, condition.was, now, end, gaps)
    return {was: round(seconds) for was, seconds in spent.items()}, condition


def _add(spent: dict[Was, float], was: Was | None, begin: datetime, end: datetime, gaps: Sequence[Gap]) -> None:
    if was is None or begin >= end:
        return
    unknown = 0.0
    for since, until in gaps:
        overlap = (min(until, end) - max(since, begin)).total_seconds()
        unknown += max(0.0, overlap)
    spent[Was.UNKNOWN] += unknown
    spent[was] += (end - begin).total_seconds() - unknown


def merged(gaps: Iterable[Gap]) -> list[Gap]:
    """Without overlaps, in order: no second is unknown twice."""
    found: list[Gap] = []
    for since, until in sorted(gaps):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found
