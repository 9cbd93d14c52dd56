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


class ExchangeClient:
    """One exchange, one HMAC key. Safe to share between requests."""

    def __init__(self, url: str, key: str, *, client: httpx.AsyncClient, timeout_s: float = 8.0) -> None:
        self._url = url.rstrip("/")
        self._key = key.encode()
        self._client = client
        self._timeout = httpx.Timeout(timeout_s, connect=min(3.0, timeout_s))

    async def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask the department. Raises Refused(DEPARTMENT_DOWN); never repeats by itself."""
        url = f"{self._url}/{operation}"
        body = json.dumps(params, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", **sign_call(self._key, urlsplit(url).path, body)}
        try:
            response = await self._client.post(url, content=body, headers=headers, timeout=self._timeout)
            answer = response.json() if response.status_code == 200 else None
        except (httpx.HTTPError, ValueError) as error:
            # The error's text could quote what was sent: only its kind is told.
            log.warning("exchange_failed", operation=operation, error=type(error).__name__)
            raise Refused(ProblemCode.DEPARTMENT_DOWN, operation) from None
        if not isinstance(answer, dict) or not isinstance(answer.get("result"), str):
            log.warning("exchange_failed", operation=operation, status=response.status_code)
            raise Refused(ProblemCode.DEPARTMENT_DOWN, operation)
        return answer


def sign_call(key: bytes, path: str, body: bytes, *, now: float | None = None, nonce: str = "") -> dict[str, str]:
    """The headers that prove who calls: HMAC-SHA256 over method, path, time, nonce and the body's hash."""
    timestamp = str(int(time.time() if now is None else now))
    nonce = nonce or secrets.token_hex(16)
    text = "\n".join(("POST", path, timestamp, nonce, hashlib.sha256(body).hexdigest()))
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return {"X-Exchange-Time": timestamp, "X-Exchange-Nonce": nonce, "X-Exchange-Signature": signature}
