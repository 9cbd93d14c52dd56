"""Opening a case: all of it is checked, stored with its number in one transaction, and sent to the department."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.cases import checks, numbers, words
from backend.cases.checks import Checked, HandedIn
from backend.cases.handover import Handover
from backend.cases.models import (
    CaseEvent,
    CaseEventKind,
    CaseHandover,
    CaseMaterialRow,
    CasePartRow,
    CaseState,
    CaseStatement,
    HandoverState,
    PartState,
    ServiceCase,
)
from backend.cases.receipt import receipt
from backend.cases.reference import Reference
from backend.cases.settings import CasesSettings
from backend.catalogue import Catalogue
from backend.contract.business_licence import LicenceClaims
from backend.contract.kiosk_api import ProblemCode
from backend.contract.service_api import CaseReceipt, CaseRequest, ServiceProblem
from backend.db.engine import Sessions, writing
from backend.drafts.service import forget_draft
from backend.identity.crypto import Vault
from backend.identity.service import Person, person_of, spend
from backend.licences.check import check_licence
from backend.logging import where
from backend.prefill.service import PrefillService
from backend.problems import Refused
from backend.rates import Asked, Rates
from backend.records.who import CARD, Doorkeeper, Shown
from backend.scans.models import Scan, ScanKind
from backend.scans.service import ScanService, take
from content.forms_merge import part_answers
from content.schema.service import Kind, Service
from content.schema.text import Text

log = structlog.get_logger()
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class CaseTools:
    """What opening a case needs of the app."""

    sessions: Sessions
    catalogue: Catalogue
    reference: Reference
    vault: Vault
    scans: ScanService
    handover: Handover
    settings: CasesSettings
    licence_key: str
    door: Doorkeeper
    rates: Rates
    prefills: PrefillService
    wake: Callable[[], None]  # there is something to hand over
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class CaseService:
    def __init__(self, tools: CaseTools) -> None:
        self._tools = tools

    async def open(self, kiosk_id: str, request: CaseRequest) -> CaseReceipt:
        """Idempotent by intent.

        Refused: service-unknown, proof-expired, id-invalid, licence-invalid, situation-stops, form-invalid,
        service-changed, daily-limit, too-many-tries, intent-conflict, refused-by-department (decided on the spot).
        """
        request_mac = self._request_mac(request)
        if known := await self._repeated(kiosk_id, request.intent_id, request_mac):
            return known
        # After that, so that a case which is there is never denied.
        self._tools.rates.count(kiosk_id, Asked.CASES, request.intent_id)
        service = self._service(request)
        person = await self._person(kiosk_id, service, request)
        now = self._tools.clock()
        today = now.astimezone(SHANGHAI).date()
        licence = self._licence(service, request, person, today)
        checked = checks.check(service, request, person, licence, today)
        if person is not None and person.method != CARD and request.agent is None:
            # Only of a proven person, for their own matter, has the terminal been told what departments know.
            changed = await self._tools.prefills.changed(checked.fields, checked.form, person)
            if changed is not None:
                raise Refused(ServiceProblem.FORM_INVALID, changed)
        leads = checks.leads(service, request.situation, checked.parts)
        instant = service.limits is not None and service.limits.promised.days == 0
        signature = await self._signature(kiosk_id, request)
        try:
            case_no = await self._write(
                kiosk_id, request, request_mac, service, person, licence, checked, leads, instant, signature, now
            )
        except IntegrityError:
            await self._drop(signature)
            # The same intent came twice at once: the first one counts.
            if known := await self._repeated(kiosk_id, request.intent_id, request_mac):
                return known
            raise
        except Refused:
            await self._drop(signature)
            raise
        # Whatever else goes wrong, a COMMIT may have arrived: the sweep finds the signatures of no case.
        log.info(
            "case_opened",
            kiosk=kiosk_id,
            service=service.id,
            case_no=case_no,
            parts=len(checked.parts),
            person=person.person_hash[:16] if person else "",
        )
        if instant:
            await self._decide_now(case_no)
        else:
            self._tools.wake()
        return await self.get(kiosk_id, request.intent_id)

    async def get(self, kiosk_id: str, intent_id: str) -> CaseReceipt:
        """Refused: not-found; refused-by-department for one that was refused on the spot."""
        async with self._tools.sessions() as session:
            case = await _by_intent(session, kiosk_id, intent_id)
            if case is None:
                raise Refused(ProblemCode.NOT_FOUND)
            return await self._receipt(session, case)

    async def _decide_now(self, case_no: str) -> None:
        """The case is there, whatever happens to this: a resident must not be told that it is not."""
        try:
            await self._tools.handover.now(case_no, self._tools.settings.instant_timeout_s)
        except Exception as error:  # noqa: BLE001 - it is handed over later
            log.error("instant_case_not_decided", case_no=case_no, error=type(error).__name__, where=where(error))

    # --- what must be right ------------------------------------------------------------------------------------------

    def _service(self, request: CaseRequest) -> Service:
        service = self._tools.catalogue.service(request.service_id, version=request.service_version)
        if service.journey not in checks.JOURNEYS:
            raise Refused(ProblemCode.SERVICE_UNKNOWN)
        if service.codes is None:
            raise Refused(ProblemCode.SERVICE_UNKNOWN, "no task code to number cases by")
        return service

    async def _person(self, kiosk_id: str, service: Service, request: CaseRequest) -> Person | None:
        """Who applies. An organisation's is the person acting for it: the licence is looked at by itself."""
        if service.auth.organisation and request.proof_id is None:
            if service.auth.proves_holder:
                raise Refused(ProblemCode.PROOF_EXPIRED)
            return None
        async with self._tools.sessions() as session:
            if service.auth.organisation:
                return await person_of(session, kiosk_id, request.proof_id or "")
            shown = Shown(request.proof_id, (request.name, request.number))
            return await self._tools.door.who(session, kiosk_id, service, shown)

    def _licence(
        self, service: Service, request: CaseRequest, person: Person | None, today: date
    ) -> LicenceClaims | None:
        if not service.auth.organisation:
            return None
        number = person.number if person else None
        return check_licence(request.licence, self._tools.licence_key, number=number, today=today)

    async def _signature(self, kiosk_id: str, request: CaseRequest) -> Scan | None:
        if not request.signature_png:
            return None
        try:
            picture = base64.b64decode(request.signature_png, validate=True)
        except binascii.Error:
            raise Refused(ServiceProblem.FORM_INVALID, "signature") from None
        try:
            return await self._tools.scans.store(kiosk_id, picture, ScanKind.SIGNATURE)
        except Refused:
            raise Refused(ServiceProblem.FORM_INVALID, "signature") from None

    async def _drop(self, signature: Scan | None) -> None:
        if signature is not None:
            await asyncio.to_thread(self._tools.scans.forget, [signature.id])

    # --- writing it down ---------------------------------------------------------------------------------------------

    async def _write(
        self,
        kiosk_id: str,
        request: CaseRequest,
        request_mac: str,
        service: Service,
        person: Person | None,
        licence: LicenceClaims | None,
        checked: Checked,
        leads: list[tuple[str, str]],
        instant: bool,
        signature: Scan | None,
        now: datetime,
    ) -> str:
        """Everything or nothing; raises IntegrityError where the intent has got its case in the meantime."""
        assert service.codes is not None  # noqa: S101 - `_service` has looked
        today = now.astimezone(SHANGHAI).date()
        department = self._tools.reference.department(leads[0][0], service)
        outcome = _outcome(service) if instant else Text("", "")
        async with writing(self._tools.sessions) as session:
            share = self._tools.settings.serials_per_kiosk
            case_no = await numbers.next_case_no(session, service.codes.task_code, today, kiosk_id, share)
            session.add(
                ServiceCase(
                    case_no=case_no,
                    check_salt=numbers.new_salt(),
                    kiosk_id=kiosk_id,
                    intent_id=request.intent_id,
                    request_mac=request_mac,
                    service_id=service.id,
                    service_version=service.version,
                    filled_version=request.service_version,
                    package=service.journey is Kind.PACKAGE,
                    instant=instant,
                    title_zh=service.title.zh,
                    title_en=service.title.en,
                    department=leads[0][0],
                    department_zh=department.zh,
                    department_en=department.en,
                    state=CaseState.RECEIVED.value,
                    promised_by=None if instant else self._promised(service, checked, today),
                    outcome_zh=outcome.zh,
                    outcome_en=outcome.en,
                    delivery=request.delivery,
                    **self._people(request, person),
                    content=json.dumps(_content(service, request, person, licence, checked), ensure_ascii=False),
                    received_at=now,
                )
            )
            await session.flush()
            session.add(CaseEvent(case_no=case_no, kind=CaseEventKind.RECEIVED.value, at=now))
            self._add_parts(session, case_no, service, checked, today)
            await self._add_materials(session, kiosk_id, case_no, checked, today)
            for field in checked.statements:
                session.add(
                    CaseStatement(
                        case_no=case_no,
                        field=field.name,
                        text_sha256=checks.text_version(field),
                        service_version=service.version,
                        agreed=checked.form.get(field.name) == "yes",
                        at=now,
                    )
                )
            # One that is decided on the spot is this request's until its time is up.
            patience = timedelta(seconds=self._tools.settings.instant_timeout_s if instant else 0)
            for lead, operation in leads:
                session.add(
                    CaseHandover(
                        case_no=case_no,
                        department=lead,
                        operation=operation,
                        state=HandoverState.WAITING.value,
                        next_at=now + patience,
                    )
                )
            if signature is not None:
                signature.case_no = case_no
                session.add(signature)
            if request.proof_id is not None and person is not None:
                await spend(session, request.proof_id)
                if request.draft_code:
                    await forget_draft(session, self._tools.vault, request.draft_code, person.person_hash)
            await session.commit()
        return case_no

    def _people(self, request: CaseRequest, person: Person | None) -> dict[str, Any]:
        if person is None:
            return {"person_hash": None, "agent_hash": None, "proof_method": ""}
        if request.agent is None:
            return {"person_hash": person.person_hash, "agent_hash": None, "proof_method": person.method}
        principal = self._tools.vault.person_hash(request.agent.principal_number)
        return {"person_hash": principal, "agent_hash": person.person_hash, "proof_method": person.method}

    def _promised(self, service: Service, checked: Checked, today: date) -> date | None:
        """None where the service promises nothing, or a year's holidays are not known."""
        days = [part.limit_days for part in checked.parts if part.limit_days is not None]
        if service.limits is not None:
            return self._tools.reference.due(today, service.limits.promised.days, service.limits.promised.unit)
        return self._tools.reference.due(today, max(days), "working") if days else None

    def _add_parts(self, session: AsyncSession, case_no: str, service: Service, checked: Checked, today: date) -> None:
        for place, part in enumerate(checked.parts):
            department = self._tools.reference.department(part.department, service)
            limit = part.limit_days
            session.add(
                CasePartRow(
                    case_no=case_no,
                    part_id=part.id,
                    place=place,
                    title_zh=part.title.zh,
                    title_en=part.title.en,
                    department=part.department,
                    department_zh=department.zh,
                    department_en=department.en,
                    operation=part.operation,
                    state=PartState.WAITING.value,
                    due_on=self._tools.reference.due(today, limit, "working") if limit is not None else None,
                )
            )

    async def _add_materials(
        self, session: AsyncSession, kiosk_id: str, case_no: str, checked: Checked, today: date
    ) -> None:
        until = self._tools.reference.due(today, self._tools.settings.deferral_working_days, "working")
        for place, one in enumerate(checked.materials):
            session.add(_material(case_no, place, one, until))
            await take(session, kiosk_id, case_no, one.material.id, one.scans)

    # --- telling -----------------------------------------------------------------------------------------------------

    async def _repeated(self, kiosk_id: str, intent_id: str, request_mac: str) -> CaseReceipt | None:
        async with self._tools.sessions() as session:
            case = await _by_intent(session, kiosk_id, intent_id)
            if case is None:
                return None
            if not hmac.compare_digest(case.request_mac, request_mac):
                raise Refused(ProblemCode.INTENT_CONFLICT)
            return await self._receipt(session, case)

    async def _receipt(self, session: AsyncSession, case: ServiceCase) -> CaseReceipt:
        if case.instant and case.state == CaseState.REFUSED:
            refused = await session.scalar(
                select(CaseEvent.reason).where(
                    CaseEvent.case_no == case.case_no, CaseEvent.kind == CaseEventKind.REFUSED.value
                )
            )
            raise Refused(ServiceProblem.REFUSED_BY_DEPARTMENT, refused or "")
        code = numbers.check_code(self._tools.vault, case.case_no, case.check_salt)
        return await receipt(session, case, code)

    def _request_mac(self, request: CaseRequest) -> str:
        # The proof and the draft may be others when the same application is sent again after a restart.
        content = request.model_dump(mode="json", exclude={"intent_id", "proof_id", "draft_code"})
        if not (request.name or request.number):  # as it was sent before there were cards in it
            del content["name"], content["number"]
        return self._tools.vault.mac("case-request", json.dumps(content, sort_keys=True)).hex()


def _outcome(service: Service) -> Text:
    if not service.results:
        return words.INSTANT_PLAIN
    return words.INSTANT.format(result=service.results[0].name)


def _content(
    service: Service, request: CaseRequest, person: Person | None, licence: LicenceClaims | None, checked: Checked
) -> dict[str, Any]:
    return {
        "person": {"name": person.name, "number": person.number} if person else None,
        "agent": request.agent.model_dump() if request.agent else None,
        "licence": licence.model_dump(include={"uscc", "name", "legal_rep"}) if licence else None,
        "situation": request.situation,
        "form": checked.form,
        "parts": {part.id: part_answers(part, checked.form) for part in checked.parts},
        "partners": checks.partners(service, request.situation),
    }


def _material(case_no: str, place: int, one: HandedIn, until: date | None) -> CaseMaterialRow:
    return CaseMaterialRow(
        case_no=case_no,
        material_id=one.material.id,
        place=place,
        title_zh=one.material.name.zh,
        title_en=one.material.name.en,
        how=one.how,
        by=until if one.how == "later" else None,
    )


async def _by_intent(session: AsyncSession, kiosk_id: str, intent_id: str) -> ServiceCase | None:
    found: ServiceCase | None = await session.scalar(
        select(ServiceCase).where(ServiceCase.kiosk_id == kiosk_id, ServiceCase.intent_id == intent_id)
    )
    return found
