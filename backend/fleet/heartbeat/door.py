"""POST /fleet/v1/heartbeat as raw ASGI: no framework, no middleware."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from datetime import datetime
from functools import partial
from typing import Any

from starlette.types import Receive, Scope, Send

from backend.contract.fleet_api import MAX_HEARTBEAT, FleetProblem
from backend.fleet.heartbeat import metrics
from backend.fleet.heartbeat.answers import Refusal, send_json, send_refusal
from backend.fleet.heartbeat.batches import Batches
from backend.fleet.heartbeat.beats import Reader
from backend.fleet.heartbeat.caller import peer_or_refuse
from backend.fleet.heartbeat.settings import HeartbeatSettings


class HungUp(Exception):
    """The caller is gone; nobody to answer."""


class HeartbeatDoor:
    def __init__(self, batches: Batches, settings: HeartbeatSettings) -> None:
        self._batches = batches
        self._reader = Reader(settings)
        self._body_s = settings.body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["method"] != "POST":
                await send({"type": "http.response.start", "status": 405, "headers": [(b"allow", b"POST")]})
                await send({"type": "http.response.body", "body": b""})
                return
            peer = peer_or_refuse(scope)
            _check_length(scope)
            body = await read_body(receive, self._body_s)
            arrived: datetime = self._batches.clock()
            answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self._batches.submit(self._reader.read(body, peer, arrived, answer))
            await send_json(send, 200, await answer)
        except Refusal as refusal:
            if refusal.code is not FleetProblem.BUSY:
                metrics.REFUSED.inc()
            await send_refusal(send, refusal)
        except HungUp:
            return


def _check_length(scope: Scope) -> None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            if not value.isdigit() or len(value) > 12 or int(value) > MAX_HEARTBEAT:
                raise _too_large()
            return


async def read_body(receive: Receive, patience_s: float) -> bytes:
    """At most MAX_HEARTBEAT bytes. Raises Refusal, HungUp."""
    # Nearly always the whole body is there already, and no timer is needed.
    message: Any = await _first(receive, patience_s)
    if message["type"] != "http.request":
        raise HungUp
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        try:
            async with asyncio.timeout(patience_s):
                body = await _rest(receive, body)
        except TimeoutError:
            raise Refusal(FleetProblem.INVALID, "the body came too slowly", close=True) from None
    if len(body) > MAX_HEARTBEAT:
        raise _too_large()
    return body


async def _first(receive: Receive, patience_s: float) -> Any:
    coming: Any = receive()
    if not isinstance(coming, Coroutine):
        return await coming
    try:
        waits_for = coming.send(None)
    except StopIteration as done:
        return done.value
    try:
        async with asyncio.timeout(patience_s):
            return await _rest_of(coming, waits_for)
    except TimeoutError:
        raise Refusal(FleetProblem.INVALID, "the body came too slowly", close=True) from None


@types.coroutine
def _rest_of(begun: Coroutine[Any, Any, Any], waits_for: Any) -> Generator[Any, Any, Any]:
    """Await what has been begun with `send(None)` and then waited for something: what `await` does after that."""
    while True:
        try:
            sent = yield waits_for
        except BaseException as error:  # noqa: BLE001 - a cancellation too
            step: Callable[[], Any] = partial(begun.throw, error)
        else:
            step = partial(begun.send, sent)
        try:
            waits_for = step()
        except StopIteration as done:
            return done.value


async def _rest(receive: Receive, body: bytes) -> bytes:
    parts, size = [body], len(body)
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise HungUp
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_HEARTBEAT:
            raise _too_large()
        if not message.get("more_body"):
            return b"".join(parts)


def _too_large() -> Refusal:
    return Refusal(FleetProblem.TOO_LARGE, f"at most {MAX_HEARTBEAT} bytes", close=True)
