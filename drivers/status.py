"""Device, supply and completion states: the XFS4IoT (CEN CWA 17852) vocabulary, as far as a kiosk needs it.

Unknown is never OK: a device that says nothing is `UNKNOWN`, and nothing that needs it may start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class DeviceState(StrEnum):
    """`Common.Status.device` of XFS4IoT, plus `UNKNOWN` before the first answer."""

    ONLINE = "online"
    OFFLINE = "offline"
    NO_DEVICE = "noDevice"
    HARDWARE_ERROR = "hardwareError"
    USER_ERROR = "userError"
    BUSY = "deviceBusy"
    FRAUD_ATTEMPT = "fraudAttempt"
    STARTING = "starting"
    UNKNOWN = "unknown"


class SupplyState(StrEnum):
    """Paper or toner, as in `Printer.Status` of XFS4IoT."""

    FULL = "full"
    LOW = "low"
    OUT = "out"
    JAMMED = "jammed"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """Who has to come (`Common.ErrorEvent.action`): nobody, a clerk, or a technician."""

    NONE = "none"
    RESET = "reset"  # software can try by itself
    CLEAR = "clear"  # a clerk can mend it: add paper, close the cover
    MAINTENANCE = "maintenance"  # a technician must come


@dataclass(frozen=True)
class DeviceStatus:
    """A snapshot of one device; `detail` is for technicians, in English, without personal data."""

    device: DeviceState = DeviceState.UNKNOWN
    supplies: Mapping[str, SupplyState] = field(default_factory=dict)
    action: Action = Action.NONE
    detail: str = ""
    levels: Mapping[str, int] = field(default_factory=dict)  # percent left, where the device measures: "toner": 40
    counters: Mapping[str, int] = field(default_factory=dict)  # of the device's life or since `open`: "cards_read": 7
    identity: str = ""  # model, serial number or firmware, as the device itself gives them

    @property
    def ready(self) -> bool:
        """True if a resident may start something that needs this device."""
        blocked = (SupplyState.OUT, SupplyState.JAMMED)
        return self.device is DeviceState.ONLINE and not any(s in blocked for s in self.supplies.values())

    def same_trouble(self, other: DeviceStatus) -> bool:
        """Whether nothing changed that somebody has to be told: levels and counters move all the time."""
        return (self.device, dict(self.supplies), self.action, self.detail) == (
            other.device,
            dict(other.supplies),
            other.action,
            other.detail,
        )

    def as_dict(self) -> dict[str, Any]:
        """For reports (JSON): only what is known."""
        facts: dict[str, Any] = {"device": self.device.value, "action": self.action.value}
        for name in ("detail", "identity"):
            if text := getattr(self, name):
                facts[name] = text
        for name in ("supplies", "levels", "counters"):
            if values := getattr(self, name):
                facts[name] = {key: getattr(value, "value", value) for key, value in sorted(values.items())}
        return facts


class DeviceError(Exception):
    """The device cannot be used at all (cannot be opened, answers nonsense). Expected faults are values instead."""
