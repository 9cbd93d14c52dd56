"""/cases: applications and packages, and their progress."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import StringConstraints

from backend.cases.handover import JOB as HANDOVER
from backend.cases.reference import Reference
from backend.cases.service import CaseService, CaseTools
from backend.cases.status import StatusService
from backend.contract.kiosk_api import API_PREFIX, INTENT_ID
from backend.contract.service_api import CaseReceipt, CaseRequest, CaseStatus, CaseStatusQuery
from backend.deps import CurrentCatalogue, CurrentKiosk, CurrentSessions, CurrentSettings
from backend.identity.runtime import vault_of
from backend.prefill.routes import Prefills
from backend.rates import rates_of
from backend.records.who import Doorkeeper
from backend.scans.routes import Scans

router = APIRouter(prefix=f"{API_PREFIX}/cases", tags=["cases"])

IntentId = Annotated[str, StringConstraints(pattern=INTENT_ID)]


def get_cases(
    request: Request,
    sessions: CurrentSessions,
    catalogue: CurrentCatalogue,
    settings: CurrentSettings,
    scans: Scans,
    prefills: Prefills,
) -> CaseService:
    state = request.app.state
    vault, licence_key = vault_of(request.app), settings.effective_licence_key
    tools = CaseTools(
        sessions=sessions,
        catalogue=catalogue,
        reference=Reference(catalogue),
        vault=vault,
        scans=scans,
        handover=state.case_handover,
        settings=state.cases_settings,
        licence_key=licence_key,
        door=Doorkeeper(vault, licence_key),
        rates=rates_of(request.app),
        prefills=prefills,
        wake=lambda: state.jobs.wake(HANDOVER),
    )
    return CaseService(tools)


def get_status(request: Request, sessions: CurrentSessions) -> StatusService:
    return StatusService(sessions, vault_of(request.app), request.app.state.cases_settings)


Cases = Annotated[CaseService, Depends(get_cases)]


@router.post("")
async def open_case(kiosk: CurrentKiosk, cases: Cases, case: CaseRequest) -> CaseReceipt:
    return await cases.open(kiosk.kiosk_id, case)


@router.post("/status")
async def status(
    kiosk: CurrentKiosk, progress: Annotated[StatusService, Depends(get_status)], query: CaseStatusQuery
) -> CaseStatus:
    return await progress.ask(kiosk.kiosk_id, query)


@router.get("/{intent_id}")
async def get(kiosk: CurrentKiosk, cases: Cases, intent_id: IntentId) -> CaseReceipt:
    return await cases.get(kiosk.kiosk_id, intent_id)
