"""/certificates: review, issue, fetch and settle. The public verification page is in `public`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import StringConstraints

from backend.certificates.public import router as public_router
from backend.certificates.runtime import lifespan, press_of
from backend.certificates.service import CertificateService
from backend.contract.kiosk_api import (
    API_PREFIX,
    INTENT_ID,
    DeliveryReport,
    IssuedCertificate,
    IssueRequest,
    ReviewReply,
    ReviewRequest,
)
from backend.deps import CurrentCatalogue, CurrentKiosk, CurrentSessions, CurrentSettings
from backend.deps import Exchange as CurrentExchange
from backend.identity.runtime import vault_of
from backend.records.who import Doorkeeper

kiosk_router = APIRouter(prefix=f"{API_PREFIX}/certificates", tags=["certificates"])

IntentId = Annotated[str, StringConstraints(pattern=INTENT_ID)]
_PRIVATE = {"Cache-Control": "no-store"}


def get_certificates(
    request: Request,
    sessions: CurrentSessions,
    exchange: CurrentExchange,
    catalogue: CurrentCatalogue,
    settings: CurrentSettings,
) -> CertificateService:
    app = request.app
    vault = vault_of(app)
    door = Doorkeeper(vault, settings.effective_licence_key)
    return CertificateService(
        sessions, exchange, catalogue, vault, door, press_of(app), settings.var_dir, settings.public_url
    )


Certificates = Annotated[CertificateService, Depends(get_certificates)]


@kiosk_router.post("/review")
async def review(kiosk: CurrentKiosk, certificates: Certificates, request: ReviewRequest) -> ReviewReply:
    return await certificates.review(kiosk.kiosk_id, request)


@kiosk_router.post("")
async def issue(kiosk: CurrentKiosk, certificates: Certificates, request: IssueRequest) -> IssuedCertificate:
    return await certificates.issue(kiosk.kiosk_id, kiosk.site, request)


@kiosk_router.get("/{intent_id}")
async def get(kiosk: CurrentKiosk, certificates: Certificates, intent_id: IntentId) -> IssuedCertificate:
    return await certificates.get(kiosk.kiosk_id, intent_id)


@kiosk_router.get("/{intent_id}/file")
async def file(kiosk: CurrentKiosk, certificates: Certificates, intent_id: IntentId) -> Response:
    pdf = await certificates.file(kiosk.kiosk_id, intent_id)
    return Response(pdf, media_type="application/pdf", headers=_PRIVATE)


@kiosk_router.get("/{intent_id}/preview")
async def preview(kiosk: CurrentKiosk, certificates: Certificates, intent_id: IntentId) -> Response:
    png = await certificates.preview(kiosk.kiosk_id, intent_id)
    return Response(png, media_type="image/png", headers=_PRIVATE)


@kiosk_router.post("/{intent_id}/delivery")
async def delivery(
    kiosk: CurrentKiosk, certificates: Certificates, intent_id: IntentId, report: DeliveryReport
) -> IssuedCertificate:
    return await certificates.settle(kiosk.kiosk_id, intent_id, report)


router = APIRouter(lifespan=lifespan)
router.include_router(kiosk_router)
router.include_router(public_router)
