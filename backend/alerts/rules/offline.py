"""A kiosk that is not heard any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement

from backend.alerts.rules.base import Facts, Finding, Rule, plain
from backend.fleet.events import Severity
from backend.fleet.health import Health
from backend.fleet.models import KioskState

_FIRST_HEARD_WITHIN = timedelta(minutes=5)


def look(facts: Facts, threshold: float) -> Sequence[Finding]:
    if facts.state.health != Health.OFFLINE:
        return ()
    seen, enrolled = facts.pulse.seen_at, facts.kiosk.enrolled_at
    if enrolled is not None and (seen is None or seen < enrolled):
        # Not heard since it was enrolled: a technician stands before it, and nothing has measured its silence yet.
        if facts.now < enrolled + _FIRST_HEARD_WITHIN:
            return ()
        return [Finding(enrolled)]
    return [Finding(seen or facts.state.online_changed_at or facts.now)]


def coarse(now: datetime, threshold: float) -> ColumnElement[bool]:
    return KioskState.health == Health.OFFLINE.value


OFFLINE = Rule(
    name="offline",
    title=("终端离线", "Terminal offline"),
    advice=("先看电源和网络；同一地点多台离线多为停电或断网。", "Check power and network first."),
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
