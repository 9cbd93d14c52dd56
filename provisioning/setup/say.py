"""What set-up tells the person in front of it: plain sentences with the seconds they took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class SetupError(Exception):
    """Set-up cannot go on; the message says in plain words what the person can do."""


def line(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def timed(text: str) -> Iterator[None]:
    """Say what starts, and how long it took when it is over."""
    line(f"==> {text}")
    start = time.monotonic()
    yield
    line(f"    done in {time.monotonic() - start:.1f} s")
