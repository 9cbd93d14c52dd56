"""What can be wrong, one module a subject; this table names them all."""

from __future__ import annotations

from backend.alerts.rules import desk, devices, identity, measured
from backend.alerts.rules.base import Facts, Finding, Rule
from backend.alerts.rules.offline import OFFLINE
from backend.fleet import words

RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        OFFLINE,
        devices.DEVICE_FAULT,
        devices.SUPPLY_OUT,
        devices.SUPPLY_LOW,
        desk.SUPPLY_FORECAST,
        measured.STUCK_SCREEN,
        measured.CLOCK_SKEW,
        measured.STORAGE_LOW,
        measured.DISK_WEAR,
        measured.TEMPERATURE,
        identity.CERTIFICATE,
        identity.QUARANTINED,
        desk.STAFF_CALL,
        desk.STOCK_LOW,
        desk.PAYMENT,
        desk.ROLLOUT,
        desk.JOB,
        desk.OUTBOX,
        desk.DUTY,
        desk.CONTENT_SIGNING,
    )
}
words.ALERT_RULES.update({name: rule.title for name, rule in RULES.items()})
KIOSK_RULES = tuple(rule for rule in RULES.values() if rule.look is not None)

__all__ = ["KIOSK_RULES", "RULES", "Facts", "Finding", "Rule"]
