"""Device, supply and completion states: the XFS4IoT (CEN CWA 17852) vocabulary, as far as a kiosk needs it.

Unknown is never OK: a device that says nothing is `UNKNOWN`, and nothing that needs it may start.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


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
    supplies: dict[str, SupplyState] = field(default_factory=dict)
    action: Action = Action.NONE
    detail: str = ""

    @property
    def ready(self) -> bool:
        """True if a resident may start something that needs this device."""
        blocked = (SupplyState.OUT, SupplyState.JAMMED)
        return self.device is DeviceState.ONLINE and not any(s in blocked for s in self.supplies.values())


class DeviceError(Exception):
    """The device cannot be used at all (cannot be opened, answers nonsense). Expected faults are values instead."""
