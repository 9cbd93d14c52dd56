"""/payments for kiosks, and the address the gateway notifies."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import PlainTextResponse

from backend.contract.kiosk_api import API_PREFIX, INTENT_ID, Payment, PaymentRequest, ReceiptReport, RefundRequest
from backend.deps import CurrentKiosk
from backend.payments.notify import take_notification
from backend.payments.service import PaymentService

router = APIRouter(tags=["payments"])


def get_payments(request: Request) -> PaymentService:
    payments: PaymentService = request.app.state.payments
    return payments


Payments = Annotated[PaymentService, Depends(get_payments)]
IntentId = Annotated[str, Path(pattern=INTENT_ID)]


@router.post(f"{API_PREFIX}/payments")
async def create(kiosk: CurrentKiosk, payments: Payments, request: PaymentRequest) -> Payment:
    return await payments.create(kiosk.kiosk_id, request)


@router.get(f"{API_PREFIX}/payments/{{intent_id}}")
async def get(kiosk: CurrentKiosk, payments: Payments, intent_id: IntentId) -> Payment:
    return await payments.get(kiosk.kiosk_id, intent_id)


@router.post(f"{API_PREFIX}/payments/{{intent_id}}/close")
async def close(kiosk: CurrentKiosk, payments: Payments, intent_id: IntentId) -> Payment:
    return await payments.close(kiosk.kiosk_id, intent_id)


@router.post(f"{API_PREFIX}/payments/{{intent_id}}/receipt")
async def receipt(kiosk: CurrentKiosk, payments: Payments, intent_id: IntentId, report: ReceiptReport) -> Payment:
    return await payments.receipt(kiosk.kiosk_id, intent_id, report.outcome == "printed")


@router.post(f"{API_PREFIX}/payments/{{intent_id}}/refund")
async def refund(kiosk: CurrentKiosk, payments: Payments, intent_id: IntentId, request: RefundRequest) -> Payment:
    return await payments.refund(kiosk.kiosk_id, intent_id, request.reason)


@router.post("/pay/alipay/notify")
async def notify(request: Request) -> PlainTextResponse:
    """Answers exactly `success`, or `fail` and then the gateway tries again."""
    taken = await take_notification(request.app.state.payment_worker, await request.body())
    if taken:
        request.app.state.sweeper.wake()
    return PlainTextResponse("success" if taken else "fail")
