"""Reviewing, issuing and settling certificates."""

from __future__ import annotations

import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.catalogue import Catalogue
from backend.certificates import limits, links
from backend.certificates.files import CertificateFiles
from backend.certificates.keys import CHECK_LIFE
from backend.certificates.mapping import Mapping, holder_entries
from backend.certificates.models import Certificate
from backend.certificates.press import Press
from backend.certificates.registry import mapping_for, mapping_of
from backend.certificates.sheet import masked_data, sheet_data
from backend.contract.kiosk_api import (
    CertificateState,
    DeliveryOutcome,
    DeliveryReport,
    IssuedCertificate,
    IssueRequest,
    ProblemCode,
    ReviewReply,
    ReviewRequest,
)
from backend.db.engine import Sessions, writing
from backend.identity.crypto import Vault
from backend.identity.service import Exchange, Person, spend
from backend.problems import Refused
from backend.records.forms import check_form
from backend.records.service import ask, unusable
from backend.records.who import CARD, Doorkeeper, Shown
from backend.stock import service as stock
from content.codes.certificate_id import CertificateId
from content.schema.outputs import Certificate as Paper
from content.schema.service import Kind, Service

log = structlog.get_logger()

FILE_AFTER_DELIVERY = timedelta(minutes=10)  # a printer's last pages; afterwards the paper is all there is
_SHANGHAI = ZoneInfo("Asia/Shanghai")

_JOURNEYS = (Kind.CERTIFICATE, Kind.LICENCE, Kind.QUERY)

# What a delivery report can still change: unknown may be cleared up later, printed and voided are final.
_SETTLES = {
    CertificateState.ISSUED: set(DeliveryOutcome),
    CertificateState.DELIVERY_UNKNOWN: {DeliveryOutcome.PRINTED, DeliveryOutcome.NOT_PRINTED},
}
_STATE_AFTER = {
    DeliveryOutcome.PRINTED: CertificateState.DELIVERED,
    DeliveryOutcome.NOT_PRINTED: CertificateState.VOIDED,
    DeliveryOutcome.UNKNOWN: CertificateState.DELIVERY_UNKNOWN,
}


class CertificateService:
    def __init__(
        self,
        sessions: Sessions,
        exchange: Exchange,
        catalogue: Catalogue,
        vault: Vault,
        door: Doorkeeper,
        press: Press,
        var_dir: Path,
        public_url: str,
    ) -> None:
        self._sessions = sessions
        self._exchange = exchange
        self._catalogue = catalogue
        self._vault = vault
        self._door = door
        self._press = press
        self._files = CertificateFiles(var_dir, vault)
        self._public_url = public_url

    async def review(self, kiosk_id: str, request: ReviewRequest) -> ReviewReply:
        """Refused: service-unknown, form-invalid, proof-expired, daily-limit, no-stock, no-record, department-down."""
        service, mapping = self._service(request.service_id, request.form)
        async with self._sessions() as session:
            person = await self._holder(session, kiosk_id, service, request)
            await limits.check(session, kiosk_id, service, person)
        content = await self._ask(service, mapping, person, request.form)
        return ReviewReply(entries=[*holder_entries(person), *mapping.entries(service, request.form, content)])

    async def issue(self, kiosk_id: str, site: str, request: IssueRequest) -> IssuedCertificate:
        """Idempotent by intent. Refused: as `review`, and intent-conflict."""
        request_mac = self._request_mac(request)
        async with self._sessions() as session:
            if known := await _by_intent(session, kiosk_id, request.intent_id):
                return self._repeated(known, request_mac)
            service, mapping = self._service(request.service_id, request.form)
            person = await self._holder(session, kiosk_id, service, request)
            await limits.check(session, kiosk_id, service, person)
        content = await self._ask(service, mapping, person, request.form)
        certificate, pdf = await self._print(kiosk_id, site, service, person, content)
        certificate.intent_id, certificate.request_mac = request.intent_id, request_mac

        self._files.write(certificate.id, pdf)
        try:
            async with writing(self._sessions) as session:
                await limits.hold_place(session, service, person)
                if (blanks := _paper(service).stock) is not None:
                    await stock.reserve(session, kiosk_id, blanks, request.intent_id, certificate.id)
                session.add(certificate)
                await session.flush()
                if request.proof_id:
                    await spend(session, request.proof_id)
                await session.commit()
        except IntegrityError:
            self._files.remove(certificate.id)
            async with self._sessions() as session:
                known = await _by_intent(session, kiosk_id, request.intent_id)
            if known is None:
                raise
            return self._repeated(known, request_mac)  # the same intent came twice at once: the first one counts
        except Refused:
            self._files.remove(certificate.id)
            raise
        # Whatever else goes wrong, a COMMIT may have arrived: the sweep finds the files of no certificate.
        log.info(
            "certificate_issued",
            kiosk=kiosk_id,
            service=service.id,
            person=person.person_hash[:16],
            certificate=certificate.id,
            pages=certificate.pages,
        )
        return self._wire(certificate)

    async def get(self, kiosk_id: str, intent_id: str) -> IssuedCertificate:
        return self._wire(await self._find(kiosk_id, intent_id))

    async def file(self, kiosk_id: str, intent_id: str) -> bytes:
        """The signed PDF, as long as a printer may need it: it must not be printed later, nor read by a thief."""
        certificate = await self._find(kiosk_id, intent_id)
        state = CertificateState(certificate.state)
        if state is CertificateState.DELIVERED:
            settled_at = certificate.settled_at
            needed = settled_at is not None and datetime.now(UTC) < settled_at + FILE_AFTER_DELIVERY
        else:
            needed = state is not CertificateState.VOIDED
        if not needed:
            raise Refused(ProblemCode.NOT_FOUND, state.value)
        return self._files.read(certificate.id)

    async def preview(self, kiosk_id: str, intent_id: str) -> bytes:
        """PNG with masked values. A voided certificate has none any more."""
        certificate = await self._find(kiosk_id, intent_id)
        if certificate.state == CertificateState.VOIDED:
            raise Refused(ProblemCode.NOT_FOUND, certificate.state)
        data = json.loads(certificate.data)
        masked = masked_data(data, mapping_for(data["content"]))
        return await self._press.preview(self._catalogue.template(certificate.template), masked, certificate.issuer_zh)

    async def settle(self, kiosk_id: str, intent_id: str, report: DeliveryReport) -> IssuedCertificate:
        """What became of the paper. Idempotent; once printed or voided nothing changes any more."""
        async with writing(self._sessions) as session:
            certificate = await _by_intent(session, kiosk_id, intent_id)
            if certificate is None:
                raise Refused(ProblemCode.NOT_FOUND)
            before = CertificateState(certificate.state)
            if report.outcome in _SETTLES.get(before, set()):
                certificate.state = _STATE_AFTER[report.outcome].value
                certificate.reason = report.reason if re.fullmatch(r"[a-z0-9-]{1,40}", report.reason) else ""
                certificate.settled_at = datetime.now(UTC)
                await stock.settle(session, certificate.id, report.outcome, certificate.reason)
                await session.commit()
                log.info("certificate_settled", certificate=certificate.id, state=certificate.state, was=before.value)
        return self._wire(certificate)

    # --- parts ----------------------------------------------------------------------------------------------------

    def _service(self, service_id: str, form: dict[str, str]) -> tuple[Service, Mapping]:
        service = self._catalogue.service(service_id)
        if service.journey not in _JOURNEYS or service.certificate is None or service.operation is None:
            raise Refused(ProblemCode.SERVICE_UNKNOWN)
        check_form(service, form)
        return service, mapping_of(service)

    async def _holder(self, session: AsyncSession, kiosk_id: str, service: Service, request: ReviewRequest) -> Person:
        shown = Shown(request.proof_id, (request.name, request.number), request.licence)
        person = await self._door.who(session, kiosk_id, service, shown)
        if person is None or person.method == CARD:  # a card on the reader does not prove that its holder stands there
            raise Refused(ProblemCode.PROOF_EXPIRED)
        return person

    async def _ask(self, service: Service, mapping: Mapping, person: Person, form: dict[str, str]) -> dict[str, Any]:
        operation = service.operation or ""
        answer = await ask(self._exchange, operation, person, self._catalogue.told(operation, form))
        try:
            return mapping.content(service, form, answer, datetime.now(_SHANGHAI).date())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unusable(operation, type(error).__name__) from None

    async def _print(
        self, kiosk_id: str, site: str, service: Service, person: Person, content: dict[str, Any]
    ) -> tuple[Certificate, bytes]:
        paper = _paper(service)
        template = self._catalogue.template(paper.template)
        agency = (service.agency.name.zh, service.agency.uscc)
        at = datetime.now(UTC).replace(microsecond=0)
        until = at + CHECK_LIFE
        serial = links.new_serial(at)
        certificate = Certificate(
            id=links.new_short_id(),
            kiosk_id=kiosk_id,
            service_id=service.id,
            service_version=service.version,
            identifier=str(CertificateId(paper.type_code, service.agency.uscc, serial)),
            number=f"{serial[:4]}-{serial[4:]}",
            verification_code=links.new_verification_code(),
            title_zh=paper.title.zh,
            title_en=paper.title.en,
            issuer_zh=service.agency.name.zh,
            issuer_en=service.agency.name.en,
            template=paper.template,
            person_hash=person.person_hash,
            holder_name=person.name,
            holder_number=person.number,
            proof_method=person.method,
            state=CertificateState.ISSUED.value,
            issued_at=at,
            valid_until=until,
        )
        data = sheet_data(
            certificate,
            content,
            terminal=f"{kiosk_id} {site}",
            print_serial=await self._next_print_serial(kiosk_id),
            url=self._url(certificate),
            verify_address=f"{self._public_url.rstrip('/')}/v",
            specimen=await self._press.is_specimen(agency, paper.title.zh),
        )
        printed = await self._press.certificate(template, data, agency, paper.title.zh, at)
        certificate.data = json.dumps(data, ensure_ascii=False)
        certificate.pages, certificate.sha256 = printed.pages, printed.sha256
        return certificate, printed.pdf

    async def _next_print_serial(self, kiosk_id: str) -> int:
        """The how-manieth certificate of this device: it prints one after the other."""
        async with self._sessions() as session:
            of_kiosk = select(func.count()).select_from(Certificate).where(Certificate.kiosk_id == kiosk_id)
            return (await session.scalar(of_kiosk) or 0) + 1

    async def _find(self, kiosk_id: str, intent_id: str) -> Certificate:
        async with self._sessions() as session:
            certificate = await _by_intent(session, kiosk_id, intent_id)
        if certificate is None:
            raise Refused(ProblemCode.NOT_FOUND)
        return certificate

    def _repeated(self, certificate: Certificate, request_mac: str) -> IssuedCertificate:
        if not hmac.compare_digest(certificate.request_mac, request_mac):
            raise Refused(ProblemCode.INTENT_CONFLICT)
        return self._wire(certificate)

    def _request_mac(self, request: IssueRequest) -> str:
        form = json.dumps(request.form, sort_keys=True)
        parts = [request.service_id, request.proof_id or "", form]
        if not request.proof_id:  # who asks is in the request itself
            parts += [request.name, request.number, request.licence or ""]
        return self._vault.mac("issue-request", *parts).hex()

    def _url(self, certificate: Certificate) -> str:
        link = links.make_link(
            self._vault, certificate.id, certificate.issued_at, certificate.person_hash, certificate.valid_until
        )
        return link.url(self._public_url)

    def _wire(self, certificate: Certificate) -> IssuedCertificate:
        return IssuedCertificate(
            intent_id=certificate.intent_id,
            certificate_id=certificate.identifier,
            verification_code=certificate.verification_code,
            verification_url=self._url(certificate),
            title_zh=certificate.title_zh,
            title_en=certificate.title_en,
            state=CertificateState(certificate.state),
            pages=certificate.pages,
            sha256=certificate.sha256,
            issued_at=certificate.issued_at,
        )


def _paper(service: Service) -> Paper:
    assert service.certificate is not None  # noqa: S101 - `_service` has looked
    return service.certificate


async def _by_intent(session: AsyncSession, kiosk_id: str, intent_id: str) -> Certificate | None:
    found = await session.execute(
        select(Certificate).where(Certificate.kiosk_id == kiosk_id, Certificate.intent_id == intent_id)
    )
    return found.scalar_one_or_none()
