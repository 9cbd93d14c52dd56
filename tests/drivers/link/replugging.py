"""Plugging a simulated device in again under another terminal number."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def number_taken(tty: str) -> Iterator[None]:
    """While the block runs, the terminal number of an unplugged device belongs to somebody else: to us, or to another
    program that was quicker."""
    decoys: list[tuple[int, int]] = []
    try:
        while not Path(tty).exists():
            decoys.append(os.openpty())
        yield
    finally:
        for pair in decoys:
            for fd in pair:
                os.close(fd)
