"""What went wrong since the desk was last told: codes and counts, never a message.

The codes are the names of our own log events of level "error": whatever is logged as an error reaches the desk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

from backend.contract.fleet_api import ErrorReport

_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,79}")
_WHERE = re.compile(r"[A-Za-z0-9_./:-]{1,80}")
_LONG_NUMBER = re.compile(r"\d{6}")
_KINDS = 50  # in one heartbeat
_MOST = 1_000_000


class ErrorBook:
    """In memory: what the desk was not told before the program ends is lost. The log on the disk still has it."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._noted: dict[tuple[str, str], tuple[datetime, int]] = {}

    def note(self, code: str, where: str = "") -> None:
        code = code if _CODE.fullmatch(code) else "other"
        where = where if _WHERE.fullmatch(where) and not _LONG_NUMBER.search(where) else ""
        if (code, where) not in self._noted and len(self._noted) >= _KINDS - 1:
            code, where = "other", ""
        at, count = self._noted.get((code, where), (self._now(), 0))
        self._noted[code, where] = (at, min(_MOST, count + 1))

    def noted(self) -> list[ErrorReport]:
        return [
            ErrorReport(code=code, where=where, at=at, count=count)
            for (code, where), (at, count) in self._noted.items()
        ]

    def told(self, reports: list[ErrorReport]) -> None:
        """The desk has these; what came after stays."""
        for report in reports:
            key = (report.code, report.where)
            if key not in self._noted:
                continue
            at, count = self._noted[key]
            if count <= report.count:
                del self._noted[key]
            else:
                self._noted[key] = (at, count - report.count)

    def processor(self, _logger: Any, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        """For structlog: looks at what is logged and passes it on."""
        if method in ("error", "critical", "exception"):
            self.note(str(event.get("event", "")), str(event.get("at") or event.get("device") or ""))
        return event


ERRORS = ErrorBook()  # of this program
