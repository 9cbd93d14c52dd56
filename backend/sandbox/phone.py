"""The resident's phone: a wallet that pays what is on the kiosk's screen, and its text messages."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from backend.sandbox.notify import Notifier, yuan
from backend.sandbox.state import SandboxState, SmsMessage
from backend.sandbox.trades import BusinessError, Trade, Trades

router = APIRouter()


class Outcome(StrEnum):
    """What happens on the phone."""

    SUCCESS = "success"
    INSUFFICIENT = "insufficient"  # the balance does not cover it; the order stays open
    CANCELLED = "cancelled"  # the resident looks at it and puts the phone away
    RISK = "risk"  # the wallet's risk control refuses


class WalletPay(BaseModel):
    model_config = ConfigDict(extra="forbid")

    qr_code: str
    outcome: Outcome = Outcome.SUCCESS


@router.get("/wallet/qr")
async def offers(request: Request) -> list[dict[str, Any]]:
    """The QR codes a phone could pay now, newest first."""
    trades: Trades = request.app.state.trades
    return [_offer(trade) for trade in trades.open_offers()]


@router.post("/wallet/pay")
async def pay(wallet: WalletPay, request: Request) -> JSONResponse:
    """Scan and pay. 200 with `paid`; 409 with the reason when the code can no longer be paid."""
    trades: Trades = request.app.state.trades
    state: SandboxState = request.app.state.sandbox
    notifier: Notifier = request.app.state.notifier
    trades.pay_after_close = state.faults.alipay.pay_after_close
    try:
        if wallet.outcome is Outcome.SUCCESS:
            trade = trades.pay(wallet.qr_code)
            notifier.paid(trade)
        elif wallet.outcome is Outcome.CANCELLED:
            trade = trades.scan(wallet.qr_code)
        else:
            trade = trades.pay(wallet.qr_code, refused=wallet.outcome.value)
    except BusinessError as error:
        return JSONResponse({"paid": False, "reason": error.sub_code, "message": error.sub_msg}, 409)
    return JSONResponse({**_offer(trade), "paid": trade.paid_at is not None})


@router.get("/phone/messages")
async def messages(request: Request) -> list[SmsMessage]:
    """Text messages, oldest first."""
    state: SandboxState = request.app.state.sandbox
    return state.messages


def _offer(trade: Trade) -> dict[str, Any]:
    return {
        "qr_code": trade.qr_code,
        "amount": yuan(trade.amount_fen),
        "amount_fen": trade.amount_fen,
        "subject": trade.subject,
        "status": trade.status or "NOT_SCANNED",
        "refused": trade.refused,
    }
