"""Every device is asked how it is, and the answers are the result."""

from __future__ import annotations

import asyncio
from typing import Any

from kiosk.link.commands import Plain, Refuse, Task
from kiosk.link.terminal_port import TerminalPort


def self_test(terminal: TerminalPort) -> Plain:
    """Waits for a session to end: asking a device in the middle of its work could disturb it."""

    async def run(task: Task) -> dict[str, Any]:
        session = terminal.between_sessions()
        try:
            async with asyncio.timeout(task.left_s()):
                await session.__aenter__()
        except TimeoutError:
            raise Refuse("session-open") from None
        try:
            task.left_s()
            await terminal.devices.refresh()
        finally:
            await session.__aexit__(None, None, None)
        table: dict[str, Any] = {}
        for device_class, device in terminal.devices.present().items():
            status = device.status
            table[device_class.value] = status.as_dict() | {"ready": status.ready}
        return {"devices": table, "ready": all(row["ready"] for row in table.values())}

    return Plain(run, patient=True)
