"""By when a kiosk must have said something final."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.releases.models import Release, Rollout
from backend.releases.windows import switch_time

_SLOW = 50_000  # bytes a second that even a bad line has, where no cap is set
_LONGEST = timedelta(days=7)  # a kiosk that says "downloading" for ever is no success either


def deadline(rollout: Rollout, release: Release, kiosk_id: str, now: datetime) -> datetime:
    """Of a kiosk that has heard the offer or gives a sign of life `now`: fetching, waiting for the window, and then
    `silence_s` for the switch itself."""
    fetched = now + timedelta(seconds=release.size / (rollout.bytes_per_s or _SLOW))
    due = switch_time(fetched, rollout.window_from, rollout.window_to, kiosk_id)
    return max(fetched, due or fetched) + timedelta(seconds=rollout.silence_s)


def moved(current: datetime, heard_at: datetime, fresh: datetime) -> datetime:
    """The deadline after a sign of life: later, but not for ever."""
    return max(current, min(fresh, heard_at + _LONGEST))
