"""What `printer-state-reasons` mean to a kiosk (RFC 8011 §5.4.12, and what CUPS adds).

The severity suffix is split off but not trusted: some printers put `-report` on an empty tray as long as they are idle.
The keyword itself decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

import structlog

from drivers.status import Action, DeviceState, SupplyState

log = structlog.get_logger()


class Severity(StrEnum):
    REPORT = "report"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Reason:
    """A keyword without its suffix; no suffix counts as error (RFC 8011 §5.4.12)."""

    keyword: str
    severity: Severity

    @classmethod
    def parse(cls, raw: str) -> Reason:
        for severity in Severity:
            if raw.endswith(f"-{severity}") and len(raw) > len(severity) + 1:
                return cls(raw.removesuffix(f"-{severity}"), severity)
        return cls(raw, Severity.ERROR)


PAPER = "paper"
TONER = "toner"


@dataclass(frozen=True)
class Policy:
    """What one keyword does: to a supply, to the device's state, and who has to come. `hard`: do not print."""

    hard: bool
    supply: tuple[str, SupplyState] | None = None
    device: DeviceState | None = None
    action: Action = Action.NONE


def _supply(name: str, state: SupplyState) -> Policy:
    return Policy(state is not SupplyState.LOW, (name, state), None, Action.CLEAR)


_CLERK = Policy(True, None, DeviceState.USER_ERROR, Action.CLEAR)
_TECHNICIAN = Policy(True, None, DeviceState.HARDWARE_ERROR, Action.MAINTENANCE)
_AWAY = Policy(True, None, DeviceState.OFFLINE, Action.RESET)
_WARNING = Policy(False, None, None, Action.CLEAR)
_NOTHING = Policy(False)

POLICIES: dict[str, Policy] = {
    "none": _NOTHING,
    "media-empty": _supply(PAPER, SupplyState.OUT),
    "media-needed": _supply(PAPER, SupplyState.OUT),
    "media-jam": _supply(PAPER, SupplyState.JAMMED),
    "media-low": _supply(PAPER, SupplyState.LOW),
    "toner-empty": _supply(TONER, SupplyState.OUT),
    "toner-low": _supply(TONER, SupplyState.LOW),
    "marker-supply-empty": _supply(TONER, SupplyState.OUT),
    "marker-supply-low": _supply(TONER, SupplyState.LOW),
    "developer-empty": _supply(TONER, SupplyState.OUT),
    "developer-low": _supply(TONER, SupplyState.LOW),
    "cover-open": _CLERK,
    "door-open": _CLERK,
    "interlock-open": _CLERK,
    "input-tray-missing": _CLERK,
    "output-tray-missing": _CLERK,
    "output-area-full": _CLERK,
    "marker-waste-full": _CLERK,
    "fuser-over-temp": _TECHNICIAN,
    "fuser-under-temp": _TECHNICIAN,
    "opc-life-over": _TECHNICIAN,
    "stopped": _AWAY,
    "stopped-partly": _WARNING,
    "stopping": _AWAY,
    "paused": _AWAY,
    "moving-to-paused": _AWAY,
    "shutdown": _AWAY,
    "timed-out": _AWAY,
    "offline": _AWAY,
    "connecting-to-device": _NOTHING,
    "marker-waste-almost-full": _WARNING,
    "output-area-almost-full": _WARNING,
    "opc-near-eol": _WARNING,
    "spool-area-full": _WARNING,
    "interpreter-resource-unavailable": _WARNING,
    "other": _WARNING,
}

# While one of these holds, a sheet of a job the printer calls completed may still be inside.
IN_PAPER_PATH = frozenset({"media-jam", "cover-open", "door-open", "interlock-open"})

_DEVICE_RANK = (DeviceState.HARDWARE_ERROR, DeviceState.OFFLINE, DeviceState.USER_ERROR)
_ACTION_RANK = (Action.MAINTENANCE, Action.CLEAR, Action.RESET)
_SUPPLY_RANK = (SupplyState.JAMMED, SupplyState.OUT, SupplyState.LOW)


@dataclass(frozen=True)
class Verdict:
    """All reasons of one look together. `device` is None when they do not speak against the device itself."""

    keywords: frozenset[str] = frozenset()
    hard: frozenset[str] = frozenset()
    supplies: dict[str, SupplyState] = field(default_factory=dict)
    device: DeviceState | None = None
    action: Action = Action.NONE


def judge(raw_reasons: Iterable[str], ignored: frozenset[str] = frozenset()) -> Verdict:
    """Apply the policy. `ignored` keywords are dropped (a by-pass tray that is always empty, for instance)."""
    keywords = frozenset(Reason.parse(raw).keyword for raw in raw_reasons) - ignored - {"none"}
    policies = {keyword: _policy(keyword) for keyword in keywords}
    supplies = {PAPER: SupplyState.FULL, TONER: SupplyState.FULL}
    for name in supplies:
        states = {p.supply[1] for p in policies.values() if p.supply is not None and p.supply[0] == name}
        supplies[name] = next((state for state in _SUPPLY_RANK if state in states), SupplyState.FULL)
    devices = {p.device for p in policies.values()}
    actions = {p.action for p in policies.values()}
    return Verdict(
        keywords,
        frozenset(keyword for keyword, policy in policies.items() if policy.hard),
        supplies,
        next((state for state in _DEVICE_RANK if state in devices), None),
        next((action for action in _ACTION_RANK if action in actions), Action.NONE),
    )


def _policy(keyword: str) -> Policy:
    policy = POLICIES.get(keyword)
    if policy is None:
        _tell_once(keyword[:80])
        return _WARNING
    return policy


@lru_cache(maxsize=100)
def _tell_once(keyword: str) -> None:
    """A printer says it with every look, all night."""
    log.warning("printer_state_reason_unknown", keyword=keyword)
