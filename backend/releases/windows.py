"""When a kiosk may switch: in the night, spread over the window, so that not all restart at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_SPREAD = 0.8  # the last part of the window is left for the work itself


def switch_time(now: datetime, window_from: int | None, window_to: int | None, key: str) -> datetime | None:
    """The moment from which this kiosk may switch; None: now. `window_*` are minutes after midnight in China, over
    midnight if from > to. The same `key` gives the same place in every window."""
    if window_from is None or window_to is None or window_from == window_to:
        return None
    length = timedelta(minutes=(window_to - window_from) % 1440)
    spread = int.from_bytes(blake2b(key.encode(), digest_size=4).digest(), "big") / 2**32 * _SPREAD
    today = now.astimezone(_SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    for day in (-1, 0, 1):
        opens = today + timedelta(days=day, minutes=window_from)
        if now < opens + length:
            due = opens + length * spread
            if due > now:
                return due.astimezone(now.tzinfo)
            return None
    raise AssertionError("a window opens every day")
