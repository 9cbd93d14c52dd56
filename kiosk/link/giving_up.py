"""Nobody waits for a thread's answer any more: what it waits for itself is cancelled, and it keeps nothing."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class GivingUp:
    """Use from any thread; one waits at a time."""

    def __init__(self) -> None:
        self._said = threading.Event()
        self._awaited: Future[Any] | None = None

    @property
    def said(self) -> bool:
        return self._said.is_set()

    def now(self) -> None:
        self._said.set()
        if self._awaited is not None:
            self._awaited.cancel()

    def result(self, awaited: Future[T]) -> T:
        """Of something done elsewhere. Raises concurrent.futures.CancelledError once `now` was called."""
        self._awaited = awaited
        if self.said:  # after we are known to wait: `now` was before or sees it
            awaited.cancel()
        return awaited.result()
