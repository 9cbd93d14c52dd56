"""The departments' data exchange: signed JSON, one operation each. Protocol: see `verify`."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from backend.sandbox.deeds import Deeds
from backend.sandbox.departments import departments
from backend.sandbox.people import enrolment, world
from backend.sandbox.state import DepartmentFault, SandboxState, SmsMessage

router = APIRouter()

_SKEW_S = 300
_MAX_TRIES = 5
_BEIJING = timezone(timedelta(hours=8))

Answer = dict[str, Any]


class Gatekeeper:
    """Lets a request in if X-Exchange-Signature is the HMAC-SHA256 of method, path, time, nonce and body hash (one
    a line), the time is within five minutes, and the nonce is new."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._seen: dict[str, float] = {}

    def fault(self, path: str, headers: dict[str, str], body: bytes) -> str | None:
        """None if the request may come in, else the reason."""
        stamp, nonce = headers.get("x-exchange-time", ""), headers.get("x-exchange-nonce", "")
        if not stamp.isdecimal() or not 16 <= len(nonce) <= 64:
            return "time or nonce missing"
        message = f"POST\n{path}\n{stamp}\n{nonce}\n".encode() + hashlib.sha256(body).hexdigest().encode()
        expected = hmac.digest(self._key, message, "sha256").hex()
        if not hmac.compare_digest(expected, headers.get("x-exchange-signature", "")):
            return "wrong signature"
        now = time.time()
        if abs(now - int(stamp)) > _SKEW_S:
            return "clock differs"
        self._seen = {key: at for key, at in self._seen.items() if now - at < 2 * _SKEW_S}
        if nonce in self._seen:
            return "nonce used before"
        self._seen[nonce] = now
        return None


@router.post("/exchange/{operation}")
async def exchange(operation: str, request: Request) -> JSONResponse:
    body = await request.body()
    gatekeeper: Gatekeeper = request.app.state.gatekeeper
    reason = gatekeeper.fault(request.url.path, dict(request.headers), body)
    if reason is not None:
        return JSONResponse({"error": reason}, 401)
    state: SandboxState = request.app.state.sandbox
    fault = state.faults.departments.get(operation.split(".")[0], DepartmentFault())
    if fault.delay_s:
        await asyncio.sleep(fault.delay_s)
    if fault.down:
        return JSONResponse({"error": "department closed"}, 503)
    try:
        answer = _answer(state, fault, operation, json.loads(body))
    except (KeyError, TypeError, ValueError) as error:
        return JSONResponse({"error": f"bad parameters: {type(error).__name__}"}, 400)
    if answer is None:
        return JSONResponse({"error": "unknown operation"}, 404)
    return JSONResponse(answer)


def _answer(state: SandboxState, fault: DepartmentFault, operation: str, params: Answer) -> Answer | None:
    """By its own hand where there is one, else by the kind of deed; None: there is no such operation."""
    handler = OPERATIONS.get(operation)
    if handler is not None:
        return handler(state, params)
    declared = departments().operation(operation)
    if declared is None:
        return None
    if fault.refuse and declared.kind == "submit":
        return {"result": "refused", "reason": fault.refuse}
    return Deeds(departments(), state).do(declared, params)


def _enrolment(state: SandboxState, params: Answer) -> Answer:
    resident = world().resident(params["name"], params["number"])
    if params["period"] not in ("last-12-months", "last-24-months", "all"):
        raise ValueError("period")
    if resident is None:
        return {"result": "no-record"}
    today = datetime.now(_BEIJING).date()
    lines = [enrolment(insurance, params["period"], today) for insurance in resident.insurances]
    return {"result": "ok", "insurances": lines, "insured_place": world().place, "agency": world().agency}


def _phone(state: SandboxState, params: Answer) -> Answer:
    resident = world().resident(params["name"], params["number"])
    if resident is None:
        return {"result": "no-record"}
    return {"result": "ok", "phone": resident.phone} if resident.phone else {"result": "no-phone"}


def _sms(state: SandboxState, params: Answer) -> Answer:
    message = SmsMessage(to=params["phone"], text=params["text"], at=datetime.now(UTC).isoformat())
    state.messages.append(message)
    del state.messages[:-50]
    return {"result": "ok", "message_id": f"SMS{len(state.messages):06d}"}


def _pin(state: SandboxState, params: Answer) -> Answer:
    resident = world().resident(params["name"], params["number"])
    if resident is None:
        return {"result": "no-record"}
    failures = state.pin_failures.get(resident.number, 0)
    if failures >= _MAX_TRIES:
        return {"result": "ok", "ok": False, "tries_left": 0}
    right = params["pin"] == world().pin
    state.pin_failures[resident.number] = 0 if right else failures + 1
    return {"result": "ok", "ok": right, "tries_left": _MAX_TRIES - state.pin_failures[resident.number]}


def _water_bill(state: SandboxState, params: Answer) -> Answer:
    account = next((a for a in world().water if a.account == params["account"]), None)
    if account is None:
        return {"result": "not-found"}
    if account.bill_no is None or account.bill_no in state.water_postings:
        return {"result": "nothing-due"}
    return {
        "result": "ok",
        "bill_no": account.bill_no,
        "customer_name": account.customer_name,
        "period": account.period,
        "usage_m3": account.usage_m3,
        "amount_fen": account.amount_fen,
    }


def _water_post(state: SandboxState, params: Answer) -> Answer:
    account = next((a for a in world().water if a.bill_no == params["bill_no"]), None)
    if account is None or account.bill_no is None:
        return {"result": "not-found"}
    if params["payment_no"] in state.water_reversed:
        return {"result": "reversed"}
    if params["amount_fen"] != account.amount_fen:
        return {"result": "amount-changed"}
    booked = state.water_postings.setdefault(account.bill_no, (params["payment_no"], account.amount_fen))
    if booked[0] != params["payment_no"]:
        return {"result": "already-paid"}
    return {"result": "ok", "posting_no": f"P{account.bill_no}"}


def _water_reverse(state: SandboxState, params: Answer) -> Answer:
    booked = state.water_postings.get(params["bill_no"])
    if booked is not None and booked[0] == params["payment_no"]:
        del state.water_postings[params["bill_no"]]
    state.water_reversed.add(params["payment_no"])
    return {"result": "ok"}  # what was never booked is reversed already, and will not be booked later


OPERATIONS: dict[str, Callable[[SandboxState, Answer], Answer]] = {
    "social-insurance.enrolment": _enrolment,
    "population.phone": _phone,
    "sms.send": _sms,
    "pin.verify": _pin,
    "water.bill": _water_bill,
    "water.post": _water_post,
    "water.reverse": _water_reverse,
}
