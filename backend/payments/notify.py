"""The gateway's notifications: nothing is believed that is not signed, ours, and right in every figure."""

from __future__ import annotations

from urllib.parse import parse_qsl

import structlog

from backend.db.engine import writing
from backend.payments import state as states
from backend.payments.alipay_client import fact_of
from backend.payments.alipay_signing import notification_text, verify
from backend.payments.facts import FactKind
from backend.payments.worker import PaymentWorker

log = structlog.get_logger()


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
        if fields.get("gmt_refund") or fields.get("refund_fee") or fact.kind is FactKind.REFUNDED:
            return None  # our own refunds are known to us; they must not look like another payment
        if not states.apply_payment_fact(session, row, fact, worker.clock()):
            return "contradiction"
        await session.commit()
    return None
