"""A report, read as a whole: is this kiosk well, and if not, what is the trouble and who has to come?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from backend.contract.fleet_api import KioskReport


class Health(StrEnum):
    """What a kiosk is to a resident who stands before it, best first."""

    OK = "ok"
    WARNING = "warning"  # serves; something will run out or has to be seen to
    FAULT = "fault"  # at least one device does not work: some services are closed
    OUT_OF_SERVICE = "out-of-service"  # staff closed it, or it closed itself
    OFFLINE = "offline"  # no heartbeat
    QUARANTINED = "quarantined"  # its identity was seen twice
    REVOKED = "revoked"  # staff took its identity away
    PLANNED = "planned"  # entered and not enrolled yet, or wiped
    RETIRED = "retired"

    @property
    def serves(self) -> bool:
        """Whether a resident can get anything done there."""
        return self in (Health.OK, Health.WARNING, Health.FAULT)


@dataclass(frozen=True)
class Trouble:
    """`code` is `DEVICE.STATE` or `DEVICE.SUPPLY.STATE`, such as "document_printer.paper.jammed"."""

    code: str
    severity: str  # "warning" or "error"
    action: str = ""  # drivers.status.Action: who has to come
    detail: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


_WELL = ("online", "deviceBusy", "starting")
_SUPPLY_ERRORS = ("out", "jammed")


def troubles_of(report: KioskReport) -> list[Trouble]:
    """What is wrong, worst first."""
    found: list[Trouble] = []
    for name, device in sorted(report.devices.items()):
        for supply, state in sorted(device.supplies.items()):
            if state in _SUPPLY_ERRORS:
                found.append(Trouble(f"{name}.{supply}.{state}", "error", device.action, device.detail))
            elif state == "low":
                found.append(Trouble(f"{name}.{supply}.low", "warning", device.action))
        if device.state not in _WELL:
            found.append(Trouble(f"{name}.{device.state}", "error", device.action, device.detail))
    return sorted(found, key=lambda trouble: (trouble.severity != "error", trouble.code))


def health_of(report: KioskReport, troubles: list[Trouble]) -> Health:
    """Of a kiosk that is heard."""
    if not report.in_service:
        return Health.OUT_OF_SERVICE
    if any(trouble.severity == "error" for trouble in troubles):
        return Health.FAULT
    return Health.WARNING if troubles else Health.OK
