"""POST /identity/…: proofs of who stands before a kiosk."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from backend.contract.kiosk_api import (
    API_PREFIX,
    IdentityAssertion,
    IdentityProof,
    SmsAnswer,
    SmsChallenge,
    SmsRequest,
)
from backend.deps import CurrentKiosk, CurrentSessions
from backend.deps import Exchange as CurrentExchange
from backend.identity.runtime import lifespan, vault_of
from backend.identity.service import IdentityService

router = APIRouter(prefix=f"{API_PREFIX}/identity", tags=["identity"], lifespan=lifespan)


def get_identity(request: Request, sessions: CurrentSessions, exchange: CurrentExchange) -> IdentityService:
    return IdentityService(sessions, exchange, vault_of(request.app))


Identity = Annotated[IdentityService, Depends(get_identity)]


@router.post("/assertions")
async def assertions(kiosk: CurrentKiosk, identity: Identity, assertion: IdentityAssertion) -> IdentityProof:
    return await identity.assert_face(kiosk.kiosk_id, assertion)


@router.post("/sms")
async def sms(kiosk: CurrentKiosk, identity: Identity, request: SmsRequest) -> SmsChallenge:
    return await identity.request_code(kiosk.kiosk_id, request)


@router.post("/sms/{challenge_id}/verify")
async def sms_verify(kiosk: CurrentKiosk, identity: Identity, challenge_id: str, answer: SmsAnswer) -> IdentityProof:
    return await identity.verify_code(kiosk.kiosk_id, challenge_id, answer)
