"""The kiosk's identity: a certificate that ends, and one seen twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement

from backend.alerts.rules.base import Facts, Finding, Rule, plain
from backend.contract.fleet_api import IdentityState
from backend.fleet.events import Severity
from backend.fleet.models import Kiosk

_STEPS = (14, 7, 1, 0)  # days left; one alert, told again at each


def look_certificate(facts: Facts, threshold: float) -> Sequence[Finding]:
    """The narrowest of 14, 7, 1 and no days (never wider than `threshold`) that has begun."""
    until = facts.kiosk.certificate_until
    if until is None or facts.kiosk.identity != IdentityState.ENROLLED:
        return ()
    left = until - facts.now
    if left > timedelta(days=min(_STEPS[0], threshold)):
        return ()
    begun = [days for days in _STEPS if left <= timedelta(days=days)]
    days = min(begun[-1], threshold)
    detail = {"days": round(days), "until": until.isoformat(timespec="minutes"), "over": left <= timedelta(0)}
    since = until - timedelta(days=min(_STEPS[0], threshold))
    return [Finding(since, detail=detail, step=len(begun))]


def _certificate_words(detail: dict[str, Any]) -> tuple[str, str]:
    if detail.get("over"):
        return "证书已过期，终端无法连接中心", "its certificate has ended: it cannot reach the desk"
    return f"证书将在 {detail.get('days')} 天内到期", f"its certificate ends within {detail.get('days')} days"


def _ending(now: datetime, threshold: float) -> ColumnElement[bool]:
    return Kiosk.certificate_until <= now + timedelta(days=max(threshold, 1))


def look_quarantine(facts: Facts, threshold: float) -> Sequence[Finding]:
    if facts.kiosk.identity != IdentityState.QUARANTINED:
        return ()
    return [Finding(facts.state.changed_at or facts.now)]


CERTIFICATE = Rule(
    name="certificate",
    title=("证书即将到期", "Certificate ends"),
    advice=(
        "终端会自动换证；若长期离线请先恢复联网。",
        "It renews itself once online; else enrol it anew.",
    ),
    words=_certificate_words,
    severity=Severity.WARNING,
    look=look_certificate,
    coarse=_ending,
    frozen_offline=False,
    threshold=14,
    unit=("天", "days"),
    hold_s=0,
    quiet_s=0,
    again_h=24 * 7,
)
QUARANTINED = Rule(
    name="quarantined",
    title=("身份被隔离", "Identity quarantined"),
    advice=(
        "同一身份在两处出现：查明哪台是真机，再重新登记。",
        "Seen in two places: find the real one, enrol it anew.",
    ),
    words=plain("身份疑似被复制，已隔离", "its identity seems to have been copied and is quarantined"),
    severity=Severity.ERROR,
    look=look_quarantine,
    coarse=lambda now, threshold: Kiosk.identity == IdentityState.QUARANTINED.value,
    frozen_offline=False,
    hold_s=0,
    quiet_s=0,
    escalate_min=60,
)
