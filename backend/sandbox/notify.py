"""The gateway's notifications: form POSTs, repeated until the merchant answers exactly `success`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import structlog

from backend.sandbox.gateway_keys import GatewayKeys
from backend.sandbox.settings import SandboxSettings
from backend.sandbox.state import NotifyMode, SandboxState
from backend.sandbox.trades import Trade

log = structlog.get_logger()

RETRY_MINUTES = (4, 10, 10, 60, 120, 360, 900)
_BEIJING = timezone(timedelta(hours=8))


class Notifier:
    """Sends in the background; `aclose` stops what is still waiting."""

    def __init__(self, settings: SandboxSettings, state: SandboxState, keys: GatewayKeys, client: httpx.AsyncClient):
        self._settings = settings
        self._state = state
        self._keys = keys
        self._client = client
        self._tasks: set[asyncio.Task[None]] = set()

    def paid(self, trade: Trade) -> None:
        mode = self._state.faults.alipay.notify
        if mode is NotifyMode.NONE:
            return
        delay = self._state.faults.alipay.notify_delay_s if mode is NotifyMode.DELAYED else 0.0
        fields = self._fields(trade)
        repeats = 3 if mode is NotifyMode.DUPLICATE else 1
        self._start(self._send(trade.notify_url, fields, delay, repeats, forged=mode is NotifyMode.FORGED))

    def refunded(self, trade: Trade) -> None:
        """A refund is told as well: status SUCCESS or CLOSED with gmt_refund and refund_fee."""
        if self._state.faults.alipay.notify is NotifyMode.NONE:
            return
        fields = self._fields(trade) | {"gmt_refund": _now() + ".000", "refund_fee": yuan(trade.refunded_fen)}
        self._start(self._send(trade.notify_url, fields, 0.0, 1, forged=False))

    async def drain(self) -> None:
        """Wait until everything that is under way has been sent."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _fields(self, trade: Trade) -> dict[str, str]:
        paid = datetime.fromtimestamp(trade.paid_at or 0, _BEIJING).strftime("%Y-%m-%d %H:%M:%S")
        return {
            "notify_time": _now(),
            "notify_type": "trade_status_sync",
            "notify_id": datetime.now(_BEIJING).strftime("%Y%m%d") + secrets.token_hex(13),
            "app_id": self._settings.app_id,
            "charset": "utf-8",
            "version": "1.0",
            "sign_type": "RSA2",
            "trade_no": trade.trade_no or "",
            "out_trade_no": trade.out_trade_no,
            "trade_status": trade.status or "",
            "total_amount": yuan(trade.amount_fen),
            "receipt_amount": yuan(trade.amount_fen),
            "buyer_pay_amount": yuan(trade.amount_fen),
            "subject": trade.subject,
            "gmt_payment": paid,
            "seller_id": self._settings.seller_id,
            "fund_bill_list": f'[{{"amount":"{yuan(trade.amount_fen)}","fundChannel":"ALIPAYACCOUNT"}}]',
        }

    async def _send(self, url: str, fields: dict[str, str], delay: float, repeats: int, *, forged: bool) -> None:
        await asyncio.sleep(delay)
        for pause in (*RETRY_MINUTES, None):
            # The id stays, the time and so the signature are new with every attempt.
            fields = fields | {"notify_time": _now()}
            signed = fields | {"sign": self._keys.sign_notification(fields, forged=forged)}
            answers = [await self._post(url, signed) for _ in range(repeats)]
            if "success" in answers or forged or pause is None:
                return
            await asyncio.sleep(pause * self._settings.notify_minute_s)

    async def _post(self, url: str, fields: dict[str, str]) -> str:
        try:
            response = await self._client.post(url, data=fields, timeout=10)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.info("sandbox_notify_failed", error=type(error).__name__)
            return ""
        return response.text if response.status_code == 200 else ""


def yuan(fen: int) -> str:
    """Integer fen as the gateway's yuan text, "43.40"."""
    return f"{fen // 100}.{fen % 100:02d}"


def _now() -> str:
    return datetime.now(_BEIJING).strftime("%Y-%m-%d %H:%M:%S")
