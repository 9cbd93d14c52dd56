"""The gateway's book of trades and its rules, without HTTP: what Alipay's face-to-face payment does, as published.

A precreated order is only an offer: the trade comes into being when a wallet scans the QR code. Amounts are integer
fen inside, yuan texts on the wire.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

_TIMEOUT = re.compile(r"(\d{1,5})([mhd])|1c")
_MINUTES = {"m": 1, "h": 60, "d": 1440}
_QR_DEFAULT_MINUTES = 120
_TRADE_DEFAULT_MINUTES = 15 * 1440

WAIT = "WAIT_BUYER_PAY"
SUCCESS = "TRADE_SUCCESS"
CLOSED = "TRADE_CLOSED"


class BusinessError(Exception):
    """Code 40004 with this sub_code."""

    def __init__(self, sub_code: str, sub_msg: str) -> None:
        super().__init__(sub_code)
        self.sub_code = sub_code
        self.sub_msg = sub_msg


@dataclass
class Trade:
    out_trade_no: str
    amount_fen: int
    subject: str
    qr_code: str
    notify_url: str
    qr_until: float
    timeout_s: float
    status: str | None = None  # None: only an offer, nobody has scanned it
    trade_no: str | None = None
    created_at: float | None = None
    paid_at: float | None = None
    closed_at: float | None = None
    withdrawn: bool = False  # cancelled before anybody scanned it
    refused: str | None = None  # why the wallet's last attempt failed; only the phone sees it
    refunds: dict[str, int] = field(default_factory=dict)  # out_request_no -> fen

    @property
    def refunded_fen(self) -> int:
        return sum(self.refunds.values())


class Trades:
    """All trades, kept in one file so that the stand-in, like the real one, remembers across a power cut."""

    def __init__(self, file: Path | None, minute_s: float, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._minute_s = minute_s
        self._clock = clock
        self._trades: dict[str, Trade] = {}
        self.pay_after_close = False
        self.cancel_keeps_qr = False
        if file is not None and file.exists():
            self._trades = {entry["out_trade_no"]: Trade(**entry) for entry in json.loads(file.read_text("utf-8"))}

    # --- what the merchant may ask -------------------------------------------------------------------------------

    def precreate(
        self, out_trade_no: str, amount_fen: int, subject: str, notify_url: str, qr_timeout: str, timeout: str
    ) -> Trade:
        known = self._trades.get(out_trade_no)
        if known is None:
            known = Trade(
                out_trade_no,
                amount_fen,
                subject,
                f"https://qr.example.invalid/bax{secrets.token_hex(8)}",
                notify_url,
                self._clock() + self._seconds(qr_timeout, _QR_DEFAULT_MINUTES),
                self._seconds(timeout, _TRADE_DEFAULT_MINUTES),
            )
            self._trades[out_trade_no] = known
            self._save()
        elif known.amount_fen != amount_fen or known.subject != subject:
            raise BusinessError("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
        elif known.status == SUCCESS or known.paid_at is not None:
            raise BusinessError("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
        elif known.status == CLOSED or known.withdrawn:
            raise BusinessError("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        return known

    def query(self, out_trade_no: str, trade_no: str = "") -> Trade:
        trade = self._find(out_trade_no, trade_no)
        if trade is None or trade.status is None:
            raise BusinessError("ACQ.TRADE_NOT_EXIST", "交易不存在")
        return trade

    def close(self, out_trade_no: str, trade_no: str = "") -> Trade:
        trade = self.query(out_trade_no, trade_no)
        if trade.status != WAIT:
            raise BusinessError("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        self._close(trade)
        return trade

    def cancel(self, out_trade_no: str, trade_no: str = "") -> tuple[Trade | None, str | None]:
        """The trade if there is one, and what was done: "close", "refund" or None. Never fails for a stranger's
        number: cancelling what does not exist succeeds. Too late a day after the trade began."""
        trade = self._find(out_trade_no, trade_no)
        if trade is None:
            return None, None
        if trade.created_at is not None and self._clock() > trade.created_at + 1440 * self._minute_s:
            raise BusinessError("ACQ.TRADE_CANCEL_TIME_OUT", "超过撤销时间范围")
        if trade.status is None:
            trade.withdrawn = not self.cancel_keeps_qr
            self._save()
            return None, None
        if trade.status == WAIT:
            self._close(trade)
            return trade, "close"
        if trade.status == SUCCESS:
            trade.refunds["CANCEL"] = trade.amount_fen - trade.refunded_fen
            self._close(trade)
            return trade, "refund"
        return trade, None

    def refund(self, out_trade_no: str, trade_no: str, amount_fen: int, request_no: str) -> tuple[Trade, bool]:
        """The trade and whether money moved (a repeated request number moves none)."""
        trade = self.query(out_trade_no, trade_no)
        if request_no in trade.refunds:
            if trade.refunds[request_no] != amount_fen:
                raise BusinessError("ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致")
            return trade, False
        if trade.status != SUCCESS:
            raise BusinessError("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        if trade.refunded_fen + amount_fen > trade.amount_fen:
            raise BusinessError("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限")
        trade.refunds[request_no] = amount_fen
        if trade.refunded_fen == trade.amount_fen:
            self._close(trade)
        self._save()
        return trade, True

    # --- what the phone does -------------------------------------------------------------------------------------

    def scan(self, qr_code: str) -> Trade:
        """A wallet reads the QR code: the trade comes into being. Raises BusinessError if it is no longer payable."""
        trade = next((t for t in self._trades.values() if t.qr_code == qr_code), None)
        if trade is None:
            raise BusinessError("QR_UNKNOWN", "二维码无效")
        self._expire(trade)
        if trade.paid_at is not None:
            raise BusinessError("PAID", "订单已支付")
        if (trade.status == CLOSED or trade.withdrawn) and not self.pay_after_close:
            raise BusinessError("CLOSED", "订单已关闭")
        if trade.status is None and self._clock() > trade.qr_until and not self.pay_after_close:
            raise BusinessError("QR_EXPIRED", "二维码已过期")
        if trade.status is None:
            trade.status = WAIT
            trade.created_at = self._clock()
            trade.trade_no = time.strftime("%Y%m%d22001400", time.gmtime(self._clock() + 8 * 3600)) + (
                f"{secrets.randbelow(10**12):012d}"
            )
            self._save()
        return trade

    def pay(self, qr_code: str, refused: str | None = None) -> Trade:
        """Scan and confirm; with `refused` the attempt fails for that reason and the trade stays open."""
        trade = self.scan(qr_code)
        trade.refused = refused
        if refused is None:
            trade.status = SUCCESS
            trade.paid_at = self._clock()
        self._save()
        return trade

    def open_offers(self) -> list[Trade]:
        """What a phone could still pay, newest first."""
        for trade in self._trades.values():
            self._expire(trade)
        offers = [t for t in self._trades.values() if t.status == WAIT or (t.status is None and not t.withdrawn)]
        return [t for t in reversed(offers) if t.status == WAIT or self._clock() <= t.qr_until]

    def all(self) -> list[Trade]:
        return list(self._trades.values())

    # --- inside --------------------------------------------------------------------------------------------------

    def _find(self, out_trade_no: str, trade_no: str) -> Trade | None:
        if trade_no:  # the gateway's own number wins
            trade = next((t for t in self._trades.values() if t.trade_no == trade_no), None)
        else:
            trade = self._trades.get(out_trade_no)
        if trade is not None:
            self._expire(trade)
        return trade

    def _expire(self, trade: Trade) -> None:
        if trade.status == WAIT and trade.created_at is not None and self._clock() > trade.created_at + trade.timeout_s:
            self._close(trade)

    def _close(self, trade: Trade) -> None:
        trade.status = CLOSED
        trade.closed_at = self._clock()
        self._save()

    def _seconds(self, timeout: str, default_minutes: int) -> float:
        match = _TIMEOUT.fullmatch(timeout) if timeout else None
        if match is None or match.group(1) is None:
            return default_minutes * self._minute_s
        return int(match.group(1)) * _MINUTES[match.group(2)] * self._minute_s

    def _save(self) -> None:
        if self._file is None:
            return
        scratch = self._file.with_name(self._file.name + ".new")
        scratch.write_text(json.dumps([asdict(trade) for trade in self._trades.values()]), "utf-8")
        scratch.replace(self._file)


def timeout_minutes(text: str) -> int | None:
    """Minutes of a `timeout_express`, None if it is malformed. "1c" (until midnight) counts as a day."""
    match = _TIMEOUT.fullmatch(text)
    if match is None:
        return None
    return 1440 if match.group(1) is None else int(match.group(1)) * _MINUTES[match.group(2)]
