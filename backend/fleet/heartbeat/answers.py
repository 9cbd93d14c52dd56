"""Raw ASGI answers, without a framework: problems with their HTTP status, JSON bodies."""

from __future__ import annotations

import secrets

import msgspec
from msgspec import UNSET
from starlette.types import Send

from backend.contract.fleet_api import FleetProblem, Problem
from backend.fleet.wire import STATUS

_TYPE = (b"content-type", b"application/json")
_CLOSE = (b"connection", b"close")

_encode = msgspec.json.Encoder().encode


class Refusal(Exception):
    """An expected refusal. `detail` is English, and never quotes what was sent. `retry_s`: when to come again."""

    def __init__(
        self,
        code: FleetProblem,
        detail: str = "",
        retry_s: int = 0,
        *,
        close: bool = False,
        last_seq: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.last_seq = last_seq  # see contract.Problem
        self.code = code
        self.detail = detail
        self.retry_s = retry_s
        self.close = close  # the body has not been read to its end


def busy(detail: str, from_s: int = 5, spread_s: int = 30) -> Refusal:
    """503; callers are sent away for different times, so that they do not come back together."""
    return Refusal(FleetProblem.BUSY, detail, from_s + secrets.randbelow(spread_s))


async def send_json(send: Send, status: int, body: bytes) -> None:
    headers = [_TYPE, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_refusal(send: Send, refusal: Refusal) -> None:
    last_seq = UNSET if refusal.last_seq is None else refusal.last_seq
    body = _encode(Problem(refusal.code.value, refusal.detail, last_seq))
    headers = [_TYPE, (b"content-length", b"%d" % len(body))]
    if refusal.retry_s:
        headers.append((b"retry-after", b"%d" % refusal.retry_s))
    if refusal.close:
        headers.append(_CLOSE)
    await send({"type": "http.response.start", "status": STATUS[refusal.code], "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_empty(send: Send, status: int = 204) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})
