"""The kinds of entries in a kiosk's history, and how one is written."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from backend.fleet.models import KioskEvent


class EventKind(StrEnum):
    ENROLLED = "enrolled"
    RENEWED = "certificate-renewed"
    REVOKED = "revoked"
    QUARANTINED = "quarantined"
    RELEASED = "released-from-quarantine"
    RETIRED = "retired"
    WIPED = "wiped"
    ONLINE = "online"
    OFFLINE = "offline"
    RESTARTED = "restarted"
    DEVICE = "device-changed"
    SERVICE = "service-changed"  # into or out of service
    VERSION = "version-changed"
    ERROR = "error"
    COMMAND = "command"
    SETTINGS = "settings-applied"
    ROLLOUT = "rollout"
    ALERT = "alert"
    WORK_ORDER = "work-order"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def event(
    kiosk_id: str, region_code: str, kind: EventKind, at: datetime, severity: Severity = Severity.INFO, **detail: Any
) -> KioskEvent:
    """A row to be added to a session."""
    return KioskEvent(
        kiosk_id=kiosk_id, region_code=region_code, at=at, kind=kind.value, severity=severity.value, detail=detail
    )
