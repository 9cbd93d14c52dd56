"""The gateway's notifications: nothing is believed that is not signed, ours, and right in every figure."""

from __future__ import annotations

from urllib.parse import parse_qsl

import structlog

from backend.contract.kiosk_api import PaymentState
from backend.db.engine import writing
from backend.payments import state as states
from backend.payments.alipay_client import fact_of
from backend.payments.alipay_signing import notification_text, verify
from backend.payments.facts import FactKind
from backend.payments.money import to_fen
from backend.payments.worker import PaymentWorker

log = structlog.get_logger()


# Money goes back by our own word in these states only: a refund, or the cancel of an order that was just being paid.
_OURS = (PaymentState.REFUNDING, PaymentState.REFUNDED, PaymentState.CLOSED)


async def take_notification(worker: PaymentWorker, body: bytes) -> bool:
    """True if the gateway may be told `success`. A repeated notification is true again and changes nothing."""
    reason = await _refusal(worker, body)
    if reason is not None:
        log.warning("alipay_notification_refused", reason=reason)
    return reason is None


async def _refusal(worker: PaymentWorker, body: bytes) -> str | None:
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except (UnicodeDecodeError, ValueError):
        return "not a form"
    fields = dict(pairs)
    if len(fields) != len(pairs):
        return "a field comes twice"
    key = worker.alipay.keys.gateway()
    if key is None or not verify(key, notification_text(fields), fields.get("sign", "")):
        return "signature"
    config = worker.alipay.config
    if fields.get("app_id") != config.app_id:
        return "other app_id"
    if fields.get("seller_id") != config.seller_id:
        return "other seller_id"
    fact = fact_of(fields)
    async with writing(worker.sessions) as session:
        row = await states.locked(session, out_trade_no=fields.get("out_trade_no", ""))
        if row is None:
            return "unknown order"
        if fact is None or fact.amount_fen != row.amount_fen:
            return "amount or status"
        fee = fields.get("refund_fee", "")
        given_back = to_fen(fee or "0")
        if given_back is None:
            return "amount or status"
        # "0.00" is said of ordinary payments too.
        if fact.kind is FactKind.REFUNDED or given_back > 0 or (not fee and fields.get("gmt_refund")):
            # Never a payment. Our own refunds are known to us, and whole; a cancelled order is asked about.
            if row.state not in _OURS or given_back not in (0, row.amount_fen):
                log.error("payment_refunded_elsewhere", out_trade_no=row.out_trade_no, state=row.state)
            if row.state == PaymentState.CLOSED:
                row.next_at = worker.clock()
                await session.commit()
            return None
        if not states.apply_payment_fact(session, row, fact, worker.clock()):
            return "contradiction"
        await session.commit()
    return None
