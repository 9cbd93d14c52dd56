"""Heartbeats for tests: bodies as a kiosk sends them, and a desk with its door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

from backend.asgi import with_doors
from backend.contract.fleet_api import FLEET_PREFIX
from tests.backend.desk import Desk
from tests.backend.fleet.enrolled import as_kiosk

PATH = f"{FLEET_PREFIX}/heartbeat"
WELL: dict[str, Any] = {
    "software": "1.0",
    "content": "c1",
    "devices": {
        "document_printer": {"state": "online", "supplies": {"paper": "full"}, "levels": {"paper": 80}},
        "id_reader": {"state": "online"},
    },
}
JAMMED = WELL | {
    "devices": WELL["devices"]
    | {"document_printer": {"state": "deviceError", "supplies": {"paper": "jammed"}, "action": "technician"}}
}


def body(seq: int, boot: str = "a", report: Any = None, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "seq": seq,
        "boot": boot,
        "sent_at": datetime.now(UTC).isoformat(),
        "report": report or WELL,
    }
    return given | more


@asynccontextmanager
async def beating(desk: Desk, kiosk_id: str | None = "K-1", serial: str = "") -> AsyncIterator[httpx.AsyncClient]:
    async with as_kiosk(with_doors(desk.app), kiosk_id, serial) as client:
        yield client


async def beat(client: httpx.AsyncClient, seq: int, boot: str = "a", report: Any = None, **more: Any) -> httpx.Response:
    return await client.post(PATH, content=msgspec.json.encode(body(seq, boot, report, **more)))
