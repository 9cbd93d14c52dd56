"""A picture of the screen, never of a resident's session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend.contract.fleet_api import MAX_FILE
from kiosk.link.commands import Fail, Plain, Refuse, Task
from kiosk.link.fleet_desk import FleetDesk
from kiosk.link.terminal_port import TerminalPort

_PNG = b"\x89PNG\r\n\x1a\n"


def screenshot(terminal: TerminalPort, desk: Callable[[], FleetDesk]) -> Plain:
    async def run(task: Task) -> dict[str, Any]:
        if terminal.session_open:
            raise Refuse("session-open")
        # The floor is kept while the picture is taken: a session cannot begin between the look and the picture.
        async with terminal.between_sessions():
            task.left_s()
            # It may have waited for a whole session, whose last screen would still be there.
            if terminal.session_open:
                raise Refuse("session-open")
            if not terminal.at_home:
                raise Refuse("not-at-home")
            picture = await terminal.picture()
        if not picture.startswith(_PNG) or len(picture) > MAX_FILE:
            raise Fail("no-picture")
        if await desk().put_file(task.command_id, picture, "image/png") is not None:
            raise Fail("not-uploaded")
        return {"bytes": len(picture)}

    return Plain(run)
