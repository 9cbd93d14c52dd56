"""Hours of service: outside of them residents are told when the terminal opens."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from content.schema.text import Text

_ZONE = ZoneInfo("Asia/Shanghai")


def closed_reason(now: datetime, opens_at: str, closes_at: str) -> Text | None:
    """Why the terminal rests at `now` (aware), or None. Times are "HH:MM" of Beijing; from 22:00 to 06:00 is a night;
    the same time twice is all day."""
    minute = now.astimezone(_ZONE).hour * 60 + now.astimezone(_ZONE).minute
    opens, closes = _minutes(opens_at), _minutes(closes_at)
    if opens % 1440 == closes % 1440:
        return None
    serves = opens <= minute < closes if opens < closes else minute >= opens or minute < closes
    if serves:
        return None
    return Text(
        f"现在是休息时间，服务时间 {opens_at}–{closes_at}。", f"Closed now. Open from {opens_at} to {closes_at}."
    )


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
