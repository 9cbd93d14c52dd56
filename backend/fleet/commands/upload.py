"""PUT /fleet/v1/commands/{command_id}/file as raw ASGI: the framework takes smaller bodies than a log bundle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.types import Receive, Scope, Send

from backend.contract.fleet_api import FLEET_PREFIX, MAX_FILE, FleetProblem
from backend.db.engine import Sessions
from backend.fleet.commands.artifacts import ArtifactStore, TooLarge, expects_file, keep
from backend.fleet.commands.leases import AckRefused
from backend.fleet.heartbeat.answers import Refusal, busy, send_empty, send_refusal
from backend.fleet.heartbeat.caller import caller
from backend.fleet.heartbeat.door import HungUp

PREFIX, SUFFIX = f"{FLEET_PREFIX}/commands/", "/file"
_SILENCE_S = 30.0  # between two pieces
_ALL_S = 600.0
_AT_ONCE = 8  # files coming in at the same time, in this process


class UploadDoor:
    def __init__(self, sessions: Sessions, store: ArtifactStore) -> None:
        self._sessions, self._store = sessions, store
        self._coming = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        command_id = scope["path"][len(PREFIX) : -len(SUFFIX)]
        try:
            if scope["method"] != "PUT":
                await send_empty(send, 405)
                return
            await self._take(scope, receive, command_id)
        except HungUp:
            return
        except Refusal as refusal:
            refusal.close = True  # the body may not have been read
            await send_refusal(send, refusal)
            return
        await send_empty(send)

    async def _take(self, scope: Scope, receive: Receive, command_id: str) -> None:
        try:
            if "\x00" in command_id or len(command_id) > 100:
                raise Refusal(FleetProblem.NOT_FOUND, "no such command")
            async with self._sessions() as session:
                kiosk_id = await caller(session, scope)
                await expects_file(session, kiosk_id, command_id, datetime.now(UTC))
            if self._coming >= _AT_ONCE:
                raise busy("too many files at once")
            self._coming += 1
            try:
                async with asyncio.timeout(_ALL_S):
                    received = await self._store.receive(_pieces(receive))
            finally:
                self._coming -= 1
            await keep(self._sessions, self._store, kiosk_id, command_id, received, datetime.now(UTC))
        except AckRefused as refused:
            raise Refusal(refused.code, refused.detail) from None
        except TooLarge:
            raise Refusal(FleetProblem.TOO_LARGE, f"at most {MAX_FILE} bytes") from None
        except TimeoutError:
            raise Refusal(FleetProblem.INVALID, "the file came too slowly") from None
        except (DBAPIError, PoolTimeout, OSError):  # also a full disk
            raise busy("the file cannot be stored now", from_s=60, spread_s=120) from None


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        async with asyncio.timeout(_SILENCE_S):
            message = await receive()
        if message["type"] != "http.request":
            raise HungUp
        if body := message.get("body", b""):
            yield body
        if not message.get("more_body"):
            return
