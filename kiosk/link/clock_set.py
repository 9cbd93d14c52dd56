"""Whether a time service (NTP, PTP) has set this machine's clock. Linux only, where it is one system call."""

from __future__ import annotations

import ctypes

_TIME_ERROR = 5  # of adjtimex(2): not synchronised
_TIMEX_BYTES = 256  # struct timex has 208; all zero, it asks and changes nothing


def clock_set() -> bool:
    """What the kernel was told by chrony, ntpd or systemd-timesyncd. False where it cannot be known."""
    try:
        state: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return False
    return 0 <= state < _TIME_ERROR
