"""Waiting in tests: long patience, short looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_S = 20.0


async def until(condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Return once `condition()` is true; TimeoutError when that takes too long."""
    async with asyncio.timeout(patience_s):
        while not condition():
            await asyncio.sleep(0.01)
