"""A kiosk that is not heard any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement

from backend.alerts.rules.base import Facts, Finding, Rule, plain
from backend.fleet.events import Severity
from backend.fleet.health import Health
from backend.fleet.models import KioskState


def look(facts: Facts, threshold: float) -> Sequence[Finding]:
    if facts.state.health != Health.OFFLINE:
        return ()
    return [Finding(facts.pulse.seen_at or facts.state.online_changed_at or facts.now)]


def coarse(now: datetime, threshold: float) -> ColumnElement[bool]:
    return KioskState.health == Health.OFFLINE.value


OFFLINE = Rule(
    name="offline",
    title=("终端离线", "Terminal offline"),
    advice=("先看电源和网络;同一地点多台离线多为停电或断网。", "Check power and network first."),
    words=plain("终端没有心跳", "no heartbeat from the terminal"),
    severity=Severity.ERROR,
    look=look,
    coarse=coarse,
    frozen_offline=False,
    # The silence itself has been watched for more than two minutes already.
    hold_s=10,
    quiet_s=60,
    escalate_min=60,
)
