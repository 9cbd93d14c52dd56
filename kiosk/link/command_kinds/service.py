"""Out of service and into service: kept over a restart, shown to residents with the reason."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog

from content.schema.text import Text
from kiosk.link.commands import Plain, Task
from kiosk.link.fleet_store import FleetStore
from kiosk.link.terminal_port import TerminalPort

log = structlog.get_logger()

STAFF = "staff"  # who closed it
_FACT = "out_of_service"
_LONGEST = 120  # characters; more does not fit the screen
_NO_REASON = Text("工作人员正在维护本机。", "Staff are working on this terminal.")


class ServiceState:
    """`reason`: why staff have closed the terminal; None: they have not."""

    def __init__(self, terminal: TerminalPort, store: FleetStore) -> None:
        self._terminal = terminal
        self._store = store
        self.reason: Text | None = None

    async def restore(self) -> None:
        """At the start: as it was left."""
        kept = await self._store.fact(_FACT)
        if kept is None:
            return
        try:
            zh, en = msgspec.json.decode(kept, type=tuple[str, str])
        except msgspec.MsgspecError:
            log.error("service_state_damaged")
            zh, en = _NO_REASON.zh, _NO_REASON.en
        self._set(Text(zh, en))

    async def close(self, task: Task) -> dict[str, Any]:
        zh, en = task.text("reason_zh", _LONGEST).strip(), task.text("reason_en", _LONGEST).strip()
        reason = Text(zh or en or _NO_REASON.zh, en or zh or _NO_REASON.en)
        task.left_s()
        await self._store.set_fact(_FACT, msgspec.json.encode((reason.zh, reason.en)).decode())
        self._set(reason)
        return {"session_open": self._terminal.session_open}

    async def open(self, task: Task) -> dict[str, Any]:
        task.left_s()
        await self._store.set_fact(_FACT, None)
        self._set(None)
        return {}

    def _set(self, reason: Text | None) -> None:
        self.reason = reason
        self._terminal.close_for(STAFF, reason)


def out_of_service(state: ServiceState) -> Plain:
    return Plain(state.close)


def into_service(state: ServiceState) -> Plain:
    return Plain(state.open)


__all__ = ["STAFF", "ServiceState", "into_service", "out_of_service"]
