"""The program's own last log events, in memory and, a few seconds later, in two files of bounded size."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

_log = structlog.get_logger()

_EVENTS = 5_000  # not yet written
_FILE = 2_000_000  # bytes; the file before it is kept too
_WRITE_S = 5.0
_NAME = "events.jsonl"


class LogTail:
    """The only writer of its folder. What a log event holds beyond text and numbers is not kept."""

    def __init__(self) -> None:
        self._new: deque[str] = deque(maxlen=_EVENTS)

    def processor(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        """For structlog, after level and timestamp: keeps a copy and passes the event on."""
        plain = {key: value for key, value in event.items() if value is None or isinstance(value, str | int | float)}
        self._new.append(json.dumps(plain, ensure_ascii=False)[:4000])
        return event

    async def run(self, folder: Path) -> None:
        """For ever: write what is new. When it ends, the last events are written too."""
        try:
            while True:
                await asyncio.sleep(_WRITE_S)
                try:
                    await asyncio.to_thread(self.write, folder)
                except OSError:
                    _log.warning("log_tail_not_written")
        finally:
            with contextlib.suppress(OSError):
                self.write(folder)

    def write(self, folder: Path) -> None:
        lines = []
        with contextlib.suppress(IndexError):
            while True:
                lines.append(self._new.popleft())
        if not lines:
            return
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / _NAME
        if path.exists() and path.stat().st_size > _FILE:
            path.replace(folder / f"{_NAME}.1")
        with path.open("a", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)

    def since(self, folder: Path, moment: datetime) -> Iterator[dict[str, Any]]:
        """Events from `moment` on, oldest first; lines that a power cut has torn are left out. Blocking."""
        self.write(folder)
        for name in (f"{_NAME}.1", _NAME):
            path = folder / name
            if not path.exists():
                continue
            with path.open(encoding="utf-8", errors="replace") as file:
                for line in file:
                    with contextlib.suppress(ValueError, TypeError):
                        event = json.loads(line)
                        if datetime.fromisoformat(event["timestamp"]).astimezone(UTC) >= moment:
                            yield event


TAIL = LogTail()  # of this program
