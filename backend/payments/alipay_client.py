"""The Alipay gateway as we call it. Whatever happens is a value: `Done`, `Declined` or `Unknown`, never an exception.

A request whose outcome is unknown may have been worked off: ask, never guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

import httpx
import structlog

from backend.payments.alipay_signing import request_text, sign, signed_part, verify
from backend.payments.facts import Fact, FactKind
from backend.payments.keys import AlipayKeys
from backend.payments.money import to_fen, to_yuan

log = structlog.get_logger()

BEIJING = timezone(timedelta(hours=8))
# Whose success always names the order it is about; the other answers may leave it out, but never name another.
_NAMING = ("alipay.trade.precreate", "alipay.trade.query", "alipay.trade.cancel", "alipay.trade.refund")
_UNSURE_SUB_CODES = {"ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR"}
_KEYWORD = re.compile(r"[A-Za-z0-9._-]{1,60}")


@dataclass(frozen=True)
class Done:
    """Code 10000; `fields` are the answer's texts."""

    fields: dict[str, str]


@dataclass(frozen=True)
class Declined:
    """The gateway has answered no, for certain; `sub_code` e.g. ACQ.TRADE_NOT_EXIST."""

    sub_code: str


@dataclass(frozen=True)
class Unknown:
    """Nobody knows whether it was done. `sent` False: for certain nothing was. `again`: the gateway asks for a
    repetition (`retry_flag` Y)."""

    reason: str
    sent: bool = True
    again: bool = False


Outcome = Done | Declined | Unknown


@dataclass(frozen=True)
class AlipayConfig:
    gateway: str  # URL
    app_id: str
    seller_id: str
    notify_url: str
    timeout_s: float = 8.0


class AlipayClient:
    def __init__(
        self,
        config: AlipayConfig,
        keys: AlipayKeys,
        client: httpx.AsyncClient,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.config = config
        self.keys = keys
        self._client = client
        self._clock = clock

    async def precreate(self, out_trade_no: str, amount_fen: int, subject: str, minutes: int) -> Outcome:
        """Ask for a QR code (`fields["qr_code"]`) that lives `minutes`; the same number gets the same code again."""
        content = {
            "out_trade_no": out_trade_no,
            "total_amount": to_yuan(amount_fen),
            "subject": re.sub(r"[/=&]", " ", subject)[:256],
            "timeout_express": f"{minutes}m",
            "qr_code_timeout_express": f"{minutes}m",
        }
        return await self._call("alipay.trade.precreate", content, notify=True)

    async def query(self, out_trade_no: str) -> Fact | None:
        """What the gateway knows about the order; None if that could not be learnt."""
        outcome = await self._call("alipay.trade.query", {"out_trade_no": out_trade_no})
        if isinstance(outcome, Declined) and outcome.sub_code == "ACQ.TRADE_NOT_EXIST":
            return Fact(FactKind.NOT_EXIST)
        return fact_of(outcome.fields) if isinstance(outcome, Done) else None

    async def close(self, out_trade_no: str) -> Outcome:
        """Close an order somebody has scanned and not paid. Refused for paid ones: it never gives money back."""
        return await self._call("alipay.trade.close", {"out_trade_no": out_trade_no})

    async def cancel(self, out_trade_no: str) -> Outcome:
        """Withdraw an order in any state; one that is paid is refunded (`action` = refund)."""
        return await self._call("alipay.trade.cancel", {"out_trade_no": out_trade_no})

    async def refund(self, out_trade_no: str, amount_fen: int, request_no: str, reason: str) -> Outcome:
        """Give money back. The same `request_no` gives it once (`fund_change` = N when repeated)."""
        content = {
            "out_trade_no": out_trade_no,
            "refund_amount": to_yuan(amount_fen),
            "out_request_no": request_no,
            "refund_reason": reason,
        }
        return await self._call("alipay.trade.refund", content)

    async def refunded(self, out_trade_no: str, request_no: str) -> bool | None:
        """Whether that refund has been made; None if that could not be learnt."""
        content = {"out_trade_no": out_trade_no, "out_request_no": request_no}
        outcome = await self._call("alipay.trade.fastpay.refund.query", content)
        if not isinstance(outcome, Done):
            return None
        # Code 10000 alone does not mean refunded: the status does, or, as some answers have none, the amount of this
        # very request.
        fields = outcome.fields
        if "refund_status" in fields:
            return fields["refund_status"] == "REFUND_SUCCESS"
        return fields.get("out_request_no") == request_no and (to_fen(fields.get("refund_amount", "")) or 0) > 0

    async def _call(self, method: str, content: dict[str, str], *, notify: bool = False) -> Outcome:
        params = {
            "app_id": self.config.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": self._clock().astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
            "version": "1.0",
            "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        }
        if notify:
            params["notify_url"] = self.config.notify_url
        params["sign"] = sign(self.keys.merchant, request_text(params))
        try:
            response = await self._client.post(self.config.gateway, data=params, timeout=self.config.timeout_s)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return self._unknown(method, type(error).__name__, sent=False)
        except httpx.HTTPError as error:
            return self._unknown(method, type(error).__name__)
        if response.status_code != 200:
            return self._unknown(method, f"http-{response.status_code}")
        return self._read(method, content, response.content.decode("utf-8", "replace"))

    def _read(self, method: str, asked: dict[str, str], text: str) -> Outcome:
        name = method.replace(".", "_") + "_response"
        inner = signed_part(text, name)
        key = self.keys.gateway()
        try:
            signature = str(json.loads(text).get("sign", "")) if inner is not None else ""
        except (ValueError, AttributeError):
            signature = ""
        if inner is None or key is None or not verify(key, inner, signature):
            return self._unknown(method, "not signed by the gateway")
        fields = {name: value for name, value in json.loads(inner).items() if isinstance(value, str)}
        code, sub_code = fields.get("code", ""), fields.get("sub_code", "")
        # A signature says who speaks, not about what: a true answer to another question proves nothing here.
        for number in ("out_trade_no", "out_request_no"):
            missing = "" if code == "10000" and number == "out_trade_no" and method in _NAMING else asked.get(number)
            if number in asked and fields.get(number, missing) != asked[number]:
                return self._unknown(method, "about another order")
        if fields.get("retry_flag") == "Y":
            return replace(self._unknown(method, "retry_flag"), again=True)
        if code == "10000":
            return Done(fields)
        if code in ("40001", "40002", "40004", "40006") and sub_code not in _UNSURE_SUB_CODES:
            log.info("alipay_declined", method=method, code=_keyword(code), sub_code=_keyword(sub_code))
            return Declined(_keyword(sub_code))
        return self._unknown(method, f"code-{_keyword(code)}")

    def _unknown(self, method: str, reason: str, *, sent: bool = True) -> Unknown:
        log.warning("alipay_outcome_unknown", method=method, reason=reason, sent=sent)
        return Unknown(reason, sent)


def fact_of(fields: dict[str, str]) -> Fact | None:
    """A query's or a notification's fields as a fact; None for a status we do not know."""
    amount = to_fen(fields.get("total_amount", ""))
    trade_no = fields.get("trade_no") or None
    paid_at = _moment(fields.get("send_pay_date") or fields.get("gmt_payment") or "")
    match fields.get("trade_status"):
        case "TRADE_SUCCESS" | "TRADE_FINISHED":
            return Fact(FactKind.PAID, amount, trade_no, paid_at)
        case "WAIT_BUYER_PAY":
            return Fact(FactKind.WAITING, amount, trade_no)
        case "TRADE_CLOSED" if paid_at is not None:  # it was paid once: closed means all of it went back
            return Fact(FactKind.REFUNDED, amount, trade_no, paid_at)
        case "TRADE_CLOSED":
            return Fact(FactKind.CLOSED, amount, trade_no)
    return None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING).astimezone(UTC)
    except ValueError:
        return None


def _keyword(text: str) -> str:
    # What comes from outside enters the log only if it looks like a code.
    return text if _KEYWORD.fullmatch(text) else "?"
