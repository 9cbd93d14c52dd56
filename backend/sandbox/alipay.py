"""POST /alipay/gateway.do: as strict as the real one about form, signature, clock and business rules."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.sandbox.gateway_keys import GatewayKeys
from backend.sandbox.notify import Notifier, yuan
from backend.sandbox.settings import SandboxSettings
from backend.sandbox.state import SandboxState
from backend.sandbox.trades import BusinessError, Trade, Trades, timeout_minutes

router = APIRouter()

_BEIJING = timezone(timedelta(hours=8))
_SKEW = timedelta(minutes=10)
_OUT_TRADE_NO = re.compile(r"[A-Za-z0-9_]{1,64}")
_AMOUNT = re.compile(r"\d{1,9}(\.\d{1,2})?")

Fields = dict[str, Any]


class BadRequestError(Exception):
    """Codes 40001/40002: the request itself is wrong."""

    def __init__(self, code: str, sub_code: str) -> None:
        super().__init__(sub_code)
        self.code = code
        self.sub_code = sub_code


@router.post("/alipay/gateway.do")
async def gateway(request: Request) -> Response:
    fault = request.app.state.sandbox.faults.alipay
    if fault.down:
        return Response("Service Unavailable", 503)
    body = (await request.body()).decode("utf-8", "replace")
    pairs = parse_qsl(request.url.query, keep_blank_values=True) + parse_qsl(body, keep_blank_values=True)
    params = dict(pairs)
    method = params.get("method", "")
    if len(params) != len(pairs):  # which of the two would be meant, and which was signed?
        answer: Fields = {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-parameter"}
    elif fault.answer_20000 > 0:
        fault.answer_20000 -= 1
        answer = {"code": "20000", "msg": "Service Currently Unavailable", "sub_code": "isp.unknow-error"}
    else:
        answer = _work(request, method, params)
    if fault.delay_s:
        await asyncio.sleep(fault.delay_s)
    if fault.lose_answers > 0:
        fault.lose_answers -= 1
        return Response("Bad Gateway", 502)
    return _reply(request.app.state.keys, method, answer)


@router.get("/alipay/bill")
async def bill(request: Request) -> list[Fields]:
    """Every movement of money, as the bill file of the next day would list it. Amounts in fen."""
    trades: Trades = request.app.state.trades
    lines: list[Fields] = []
    for trade in trades.all():
        if trade.paid_at is None:
            continue
        common = {"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no}
        lines.append({**common, "kind": "trade", "request_no": None, "amount_fen": trade.amount_fen})
        for number, amount in trade.refunds.items():
            lines.append({**common, "kind": "refund", "request_no": number, "amount_fen": -amount})
    return lines


def _work(request: Request, method: str, params: dict[str, str]) -> Fields:
    settings: SandboxSettings = request.app.state.settings
    state: SandboxState = request.app.state.sandbox
    trades: Trades = request.app.state.trades
    trades.pay_after_close = state.faults.alipay.pay_after_close
    trades.cancel_keeps_qr = state.faults.alipay.cancel_keeps_qr
    try:
        _check_form(params, settings, request.app.state.keys)
        content = _content(params)
        handler = METHODS.get(method)
        if handler is None:
            raise BadRequestError("40002", "isv.invalid-method")
        if state.faults.alipay.cancel_retry > 0 and handler is _cancel:
            state.faults.alipay.cancel_retry -= 1
            answer = {"out_trade_no": content.get("out_trade_no", ""), "retry_flag": "Y"}
        else:
            answer = handler(trades, content, params, request.app.state.notifier)
    except BadRequestError as error:
        message = "Missing Required Arguments" if error.code == "40001" else "Invalid Arguments"
        return {"code": error.code, "msg": message, "sub_code": error.sub_code, "sub_msg": error.sub_code}
    except BusinessError as error:
        return {"code": "40004", "msg": "Business Failed", "sub_code": error.sub_code, "sub_msg": error.sub_msg}
    return {"code": "10000", "msg": "Success", **answer}


def _check_form(params: dict[str, str], settings: SandboxSettings, keys: GatewayKeys) -> None:
    for name in ("method", "app_id", "charset", "sign_type", "sign", "timestamp", "version"):
        if not params.get(name):
            raise BadRequestError("40001", f"isv.missing-{name.replace('_', '-')}")
    fixed = {"app_id": settings.app_id, "charset": "utf-8", "sign_type": "RSA2", "version": "1.0"}
    for name, value in fixed.items():
        right = params[name].lower() == value if name == "charset" else params[name] == value
        if not right:
            raise BadRequestError("40002", f"isv.invalid-{name.replace('_', '-')}")
    if params.get("format", "JSON") != "JSON":
        raise BadRequestError("40002", "isv.invalid-format")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", params["timestamp"]):
        raise BadRequestError("40002", "isv.invalid-timestamp")
    try:
        sent = datetime.strptime(params["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=_BEIJING)
    except ValueError:
        raise BadRequestError("40002", "isv.invalid-timestamp") from None
    if not keys.merchant_signed(params):
        raise BadRequestError("40002", "isv.invalid-signature")
    if abs(datetime.now(UTC) - sent) > _SKEW:
        raise BadRequestError("40002", "isv.invalid-timestamp")
    if len(params.get("notify_url", "")) > 256:
        raise BadRequestError("40002", "isv.invalid-parameter")


def _content(params: dict[str, str]) -> dict[str, str]:
    try:
        content = json.loads(params.get("biz_content", ""))
    except ValueError:
        raise BadRequestError("40002", "isv.invalid-parameter") from None
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise BadRequestError("40002", "isv.invalid-parameter")
    return content


def _numbers(content: dict[str, str]) -> tuple[str, str]:
    numbers = content.get("out_trade_no", ""), content.get("trade_no", "")
    if not any(numbers):
        raise BusinessError("ACQ.INVALID_PARAMETER", "参数无效")
    return numbers


def _fen(text: str) -> int:
    if not _AMOUNT.fullmatch(text):
        raise BusinessError("ACQ.INVALID_PARAMETER", "金额格式不正确")
    whole, _, cents = text.partition(".")
    amount = int(whole) * 100 + int(cents.ljust(2, "0") or 0)
    if not 1 <= amount <= 100_000_000_00:
        raise BusinessError("ACQ.INVALID_PARAMETER", "金额超限")
    return amount


def _precreate(trades: Trades, content: dict[str, str], params: dict[str, str], notifier: Notifier) -> Fields:
    number, subject = content.get("out_trade_no", ""), content.get("subject", "")
    if not _OUT_TRADE_NO.fullmatch(number) or not 1 <= len(subject) <= 256 or set("/=&") & set(subject):
        raise BusinessError("ACQ.INVALID_PARAMETER", "参数无效")
    for name in ("timeout_express", "qr_code_timeout_express"):
        minutes = timeout_minutes(content[name]) if name in content else 1
        if minutes is None or not 1 <= minutes <= 15 * 1440:
            raise BusinessError("ACQ.INVALID_PARAMETER", "超时时间不正确")
    trade = trades.precreate(
        number,
        _fen(content.get("total_amount", "")),
        subject,
        params.get("notify_url", ""),
        content.get("qr_code_timeout_express", ""),
        content.get("timeout_express", ""),
    )
    return {"out_trade_no": trade.out_trade_no, "qr_code": trade.qr_code}


def _query(trades: Trades, content: dict[str, str], params: dict[str, str], notifier: Notifier) -> Fields:
    trade = trades.query(*_numbers(content))
    answer = _named(trade) | {"buyer_logon_id": "res***@example.invalid", "trade_status": trade.status}
    answer |= {"total_amount": yuan(trade.amount_fen)}
    if trade.paid_at is not None:
        paid = yuan(trade.amount_fen)
        answer |= {"receipt_amount": paid, "buyer_pay_amount": paid, "send_pay_date": _beijing(trade.paid_at)}
    return answer


def _close(trades: Trades, content: dict[str, str], params: dict[str, str], notifier: Notifier) -> Fields:
    return _named(trades.close(*_numbers(content)))


def _cancel(trades: Trades, content: dict[str, str], params: dict[str, str], notifier: Notifier) -> Fields:
    trade, action = trades.cancel(*_numbers(content))
    answer: Fields = {"out_trade_no": content.get("out_trade_no", ""), "retry_flag": "N"}
    if trade is not None:
        answer |= _named(trade)
    if action is not None:
        answer["action"] = action
    return answer


def _refund(trades: Trades, content: dict[str, str], params: dict[str, str], notifier: Notifier) -> Fields:
    amount = _fen(content.get("refund_amount", ""))
    out_trade_no, trade_no = _numbers(content)
    request_no = content.get("out_request_no", "")
    if not request_no:
        trade = trades.query(out_trade_no, trade_no)
        if amount != trade.amount_fen:  # a part needs a number of its own
            raise BusinessError("ACQ.INVALID_PARAMETER", "部分退款必须传入 out_request_no")
        request_no = trade.out_trade_no
    trade, moved = trades.refund(out_trade_no, trade_no, amount, request_no)
    if moved:
        notifier.refunded(trade)
    return _named(trade) | {"fund_change": "Y" if moved else "N", "refund_fee": yuan(trade.refunded_fen)}


def _refund_query(trades: Trades, content: dict[str, str], params: dict[str, str], notifier: Notifier) -> Fields:
    trade = trades.query(*_numbers(content))
    amount = trade.refunds.get(content.get("out_request_no", ""))
    if amount is None:
        return {}  # code 10000 alone does not mean refunded
    answer = _named(trade) | {"out_request_no": content["out_request_no"], "refund_status": "REFUND_SUCCESS"}
    return answer | {"refund_amount": yuan(amount), "total_amount": yuan(trade.amount_fen)}


METHODS = {
    "alipay.trade.precreate": _precreate,
    "alipay.trade.query": _query,
    "alipay.trade.close": _close,
    "alipay.trade.cancel": _cancel,
    "alipay.trade.refund": _refund,
    "alipay.trade.fastpay.refund.query": _refund_query,
}


def _named(trade: Trade) -> Fields:
    return {"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no}


def _beijing(moment: float) -> str:
    return datetime.fromtimestamp(moment, _BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _reply(keys: GatewayKeys, method: str, answer: Fields) -> Response:
    """The signature covers the inner object exactly as it is sent, slashes escaped."""
    inner = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    name = method.replace(".", "_") + "_response" if method in METHODS else "error_response"
    text = f'{{"{name}":{inner},"sign":"{keys.sign(inner.encode())}"}}'
    return Response(text.encode(), media_type="text/html;charset=utf-8")  # as the real one says
