"""The departments' data exchange, seen from the backend: signed JSON over HTTP.

    answer = await exchange.call("water.bill", {"account": account})
    if answer["result"] != "ok": …

Every answer is a dict with a `result` keyword: "ok", or the department's own refusal. A department that cannot be
reached, is too slow or answers nonsense is `Refused(DEPARTMENT_DOWN)`.

Operations: params → answer when ok (other results)

    social-insurance.enrolment: name, number, period → insured_place, agency,
                                insurances [{kind, status, from, to, months, employer}]   (no-record)
    population.phone:           name, number → phone                                      (no-record, no-phone)
    sms.send:                   phone, text → message_id
    pin.verify:                 name, number, pin → ok: bool, tries_left: int             (no-record)
    water.bill:                 account → bill_no, customer_name, period ("2026-10"), usage_m3, amount_fen
                                                                                          (not-found, nothing-due)
    water.post:                 bill_no, payment_no, amount_fen → posting_no; the same payment_no books once
                                                                    (not-found, already-paid, amount-changed, reversed)
    water.reverse:              bill_no, payment_no → -; what was never booked counts as reversed and stays so

and those the content declares, by their kind (`content.schema.reference.Operation`).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog

from backend.contract.kiosk_api import ProblemCode
from backend.problems import Refused

log = structlog.get_logger()

MAX_ANSWER = 1 << 20  # bytes
_PIECE = 1 << 16


class ExchangeClient:
    """One exchange, one HMAC key. Safe to share between requests."""

    def __init__(self, url: str, key: str, *, client: httpx.AsyncClient, timeout_s: float = 8.0) -> None:
        self._url = url.rstrip("/")
        self._key = key.encode()
        self._client = client
        self._timeout = httpx.Timeout(timeout_s, connect=min(3.0, timeout_s))
        self._timeout_s = timeout_s  # of the whole call: httpx counts each read by itself

    async def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask the department. Raises Refused(DEPARTMENT_DOWN); never repeats by itself."""
        url = f"{self._url}/{operation}"
        body = json.dumps(params, ensure_ascii=False, separators=(",", ":")).encode()
        # Unpacked, an answer could be a thousand times as long as what was read.
        plain = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        headers = {**plain, **sign_call(self._key, urlsplit(url).path, body)}
        try:
            async with asyncio.timeout(self._timeout_s):
                status, content = await self._post(url, body, headers)
            answer = json.loads(content) if status == 200 else None
        except (httpx.HTTPError, ValueError, TimeoutError, RecursionError) as error:
            # The error's text could quote what was sent: only its kind is told.
            log.warning("exchange_failed", operation=operation, error=type(error).__name__)
            raise Refused(ProblemCode.DEPARTMENT_DOWN, operation) from None
        if not isinstance(answer, dict) or not isinstance(answer.get("result"), str):
            log.warning("exchange_failed", operation=operation, status=status)
            raise Refused(ProblemCode.DEPARTMENT_DOWN, operation)
        return answer

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Status and content. Raises ValueError for one that is too long, before it is read."""
        content = bytearray()
        sending = self._client.stream("POST", url, content=body, headers=headers, timeout=self._timeout)
        async with sending as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise ValueError("the answer is packed")
            async for piece in response.aiter_bytes(_PIECE):
                content += piece
                if len(content) > MAX_ANSWER:
                    raise ValueError("the answer is too long")
            return response.status_code, bytes(content)


def sign_call(key: bytes, path: str, body: bytes, *, now: float | None = None, nonce: str = "") -> dict[str, str]:
    """The headers that prove who calls: HMAC-SHA256 over method, path, time, nonce and the body's hash."""
    timestamp = str(int(time.time() if now is None else now))
    nonce = nonce or secrets.token_hex(16)
    text = "\n".join(("POST", path, timestamp, nonce, hashlib.sha256(body).hexdigest()))
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return {"X-Exchange-Time": timestamp, "X-Exchange-Nonce": nonce, "X-Exchange-Signature": signature}
