"""Waiting in tests that block: long patience, short looks."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(condition: Callable[[], object], limit_s: float = 30) -> None:
    give_up = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < give_up, "did not happen"
        time.sleep(0.01)
