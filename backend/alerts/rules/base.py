"""What a rule is: a name, its defaults, the words for people, and how it looks at a kiosk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from backend.fleet.events import Severity
from backend.fleet.models import Kiosk, KioskPulse, KioskState


@dataclass(frozen=True)
class Facts:
    """All that is known of a kiosk at `now`."""

    kiosk: Kiosk
    state: KioskState
    pulse: KioskPulse
    now: datetime


@dataclass(frozen=True)
class Finding:
    """A trouble that is there now. `part`: which of several of one kiosk, such as "receipt_printer.paper". `step`: how
    far it has got, where it gets worse by steps: each is told anew. `only_keeps`: an alert that is there stays (nothing
    says that it is over), but none is made."""

    since: datetime
    part: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    step: int = 0
    only_keeps: bool = False


# With the threshold in force for the kiosk's region.
Look = Callable[[Facts, float], Sequence[Finding]]
# A condition over Kiosk, KioskState and KioskPulse that holds whenever `look` could find something at any threshold
# from `threshold` on: keeps the sweep from reading every kiosk.
Coarse = Callable[[datetime, float], ColumnElement[bool]]
Words = Callable[[dict[str, Any]], tuple[str, str]]


@dataclass(frozen=True)
class Rule:
    """`look` is None for rules of the desk itself, whose findings come as a whole (`engine.observe_whole`) or by
    `raise_alert`. `frozen_offline`: nothing new can be known of a silent kiosk, so its alerts stay as they are."""

    name: str
    title: tuple[str, str]  # Chinese, English
    advice: tuple[str, str]
    words: Words  # the trouble in words, from a finding's detail
    severity: Severity
    look: Look | None = None
    coarse: Coarse | None = None
    measured: bool = False  # reads the heartbeat's measurements, which change without an event
    frozen_offline: bool = True
    lower_is_worse: bool = False  # the coarse condition wants the largest threshold in force, not the smallest
    threshold: float = 0.0
    unit: tuple[str, str] = ("", "")
    hold_s: int = 60
    quiet_s: int = 120
    again_h: float = 12.0
    escalate_min: float = 0.0
    groups: bool = True


def plain(zh: str, en: str) -> Words:
    """Words that need no detail."""
    return lambda detail: (zh, en)
