"""Logs, device states and journal statistics for a technician far away, in a zip. Nothing of residents is in it."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from backend.contract.fleet_api import MAX_FILE
from kiosk.link.command_kinds.scrub import scrub_event, scrub_tree
from kiosk.link.commands import Fail, Plain, Task
from kiosk.link.fleet_desk import FleetDesk
from kiosk.link.log_tail import LogTail
from kiosk.link.terminal_port import TerminalPort

_MOST_HOURS = 24 * 14
_MOST_LINES = 50_000


def log_bundle(
    terminal: TerminalPort,
    desk: Callable[[], FleetDesk],
    tail: LogTail,
    folder: Path,
    statistics: Callable[[], Awaitable[Mapping[str, Any]]],
) -> Plain:
    """`{"hours"}`: how far back. `statistics`: numbers from the journal, without ids."""

    async def run(task: Task) -> dict[str, Any]:
        hours = task.number("hours", 1, _MOST_HOURS, 24)
        since = datetime.now(UTC) - timedelta(hours=hours)
        devices = {name.value: device.status.as_dict() for name, device in terminal.devices.present().items()}
        parts = {
            "kiosk.json": scrub_tree(terminal.facts()),
            "devices.json": scrub_tree(devices),
            "journal.json": scrub_tree(await statistics()),
        }
        data = await asyncio.to_thread(_pack, tail, folder, since, parts)
        if len(data) > MAX_FILE:
            raise Fail("too-large")
        task.left_s()
        if await desk().put_file(task.command_id, data, "application/zip") is not None:
            raise Fail("not-uploaded")
        return {"bytes": len(data)}

    return Plain(run)


def _pack(tail: LogTail, folder: Path, since: datetime, parts: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        events = list(tail.since(folder, since))[-_MOST_LINES:]
        lines = (json.dumps(scrub_event(event), ensure_ascii=False) for event in events)
        bundle.writestr("events.jsonl", "".join(line + "\n" for line in lines))
        for name, content in parts.items():
            bundle.writestr(name, json.dumps(content, ensure_ascii=False, indent=1))
    return buffer.getvalue()
