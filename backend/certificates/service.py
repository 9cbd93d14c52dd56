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
from fastapi import HTTPException
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.catalogue import Catalogue
from backend.certificates import links
from backend.certificates.files import CertificateFiles
from backend.certificates.keys import CHECK_LIFE
from backend.certificates.mapping import Mapping, holder_entries, mapping_of
from backend.certificates.models import Certificate
from backend.certificates.press import Press
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
from backend.identity.service import Exchange, Person, person_of, spend
from backend.problems import Refused
from content.codes.certificate_id import CertificateId
from content.codes.masking import mask_id_number, mask_name
from content.schema.service import ChoiceField, Service
from content.schema.text import Text

log = structlog.get_logger()

FILE_AFTER_DELIVERY = timedelta(minutes=10)  # a printer's last pages; afterwards the paper is all there is
_SHANGHAI = ZoneInfo("Asia/Shanghai")

# What a delivery report can still change: unknown may be cleared up later, printed and voided are final.
_SETTLES = {
    CertificateState.ISSUED: set(DeliveryOutcome),
    CertificateState.DELIVERY_UNKNOWN: {DeliveryOutcome.PRINTED, DeliveryOutcome.NOT_PRINTED},
}
_NOTE = Text(
    "本凭证由自助终端打印，加盖电子印章，与窗口出具具有同等效力，可扫码核验。",
    "Printed by a self-service terminal under electronic seal, of the same effect as one issued at the counter. "
    "Scan the code to verify it.",
)
_SPECIMEN_NOTE = Text(
    "本页为演示样张，由自助终端打印，所盖为样张印章，仅供演示和测试，可扫码核验。",
    "A specimen printed by a self-service terminal under a specimen seal, for demonstration and test only, without "
    "legal effect. Scan the code to verify it.",
)
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
        press: Press,
        var_dir: Path,
        public_url: str,
    ) -> None:
        self._sessions = sessions
        self._exchange = exchange
        self._catalogue = catalogue
        self._vault = vault
        self._press = press
        self._files = CertificateFiles(var_dir, vault)
        self._public_url = public_url

    async def review(self, kiosk_id: str, request: ReviewRequest) -> ReviewReply:
        """Refused: service-unknown, proof-expired, no-record, department-down."""
        service, mapping = self._service(request.service_id, request.form)
        async with self._sessions() as session:
            person = await person_of(session, kiosk_id, request.proof_id)
        content = await self._ask(service, mapping, person, request.form)
        return ReviewReply(entries=[*holder_entries(person), *mapping.entries(service, request.form, content)])

    async def issue(self, kiosk_id: str, site: str, request: IssueRequest) -> IssuedCertificate:
        """Idempotent by intent. Refused: as `review`, and intent-conflict."""
        request_mac = self._request_mac(request)
        async with self._sessions() as session:
            if known := await _by_intent(session, kiosk_id, request.intent_id):
                return self._repeated(known, request_mac)
            service, mapping = self._service(request.service_id, request.form)
            person = await person_of(session, kiosk_id, request.proof_id)
        content = await self._ask(service, mapping, person, request.form)
        certificate, pdf = await self._print(kiosk_id, site, service, person, content)
        certificate.intent_id, certificate.request_mac = request.intent_id, request_mac

        self._files.write(certificate.id, pdf)
        try:
            async with writing(self._sessions) as session:
                session.add(certificate)
                await session.flush()
                await spend(session, request.proof_id)
                await session.commit()
        except IntegrityError:
            self._files.remove(certificate.id)
            async with self._sessions() as session:
                known = await _by_intent(session, kiosk_id, request.intent_id)
            if known is None:
                raise
            return self._repeated(known, request_mac)  # the same intent came twice at once: the first one counts
        except BaseException:
            self._files.remove(certificate.id)
            raise
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
        service = self._catalogue.service(certificate.service_id, "certificate")
        masked = masked_data(json.loads(certificate.data), mapping_of(service))
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
                await session.commit()
                log.info("certificate_settled", certificate=certificate.id, state=certificate.state, was=before.value)
        return self._wire(certificate)

    # --- parts ----------------------------------------------------------------------------------------------------

    def _service(self, service_id: str, form: dict[str, str]) -> tuple[Service, Mapping]:
        service = self._catalogue.service(service_id, "certificate")
        if service.certificate is None:
            raise Refused(ProblemCode.SERVICE_UNKNOWN)
        _check_form(service, form)
        return service, mapping_of(service)

    async def _ask(self, service: Service, mapping: Mapping, person: Person, form: dict[str, str]) -> dict[str, Any]:
        answer = await self._exchange.call(service.operation, mapping.params(person, form))
        if answer["result"] == "no-record":
            raise Refused(ProblemCode.NO_RECORD, service.operation)
        if answer["result"] != "ok":  # "we have nothing on you" is said only when the department has said so
            log.warning("exchange_answer_unusable", operation=service.operation, error="result")
            raise Refused(ProblemCode.DEPARTMENT_DOWN, service.operation)
        try:
            return mapping.content(service, form, answer, datetime.now(_SHANGHAI).date())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("exchange_answer_unusable", operation=service.operation, error=type(error).__name__)
            raise Refused(ProblemCode.DEPARTMENT_DOWN, service.operation) from None

    async def _print(
        self, kiosk_id: str, site: str, service: Service, person: Person, content: dict[str, Any]
    ) -> tuple[Certificate, bytes]:
        paper = service.certificate
        assert paper is not None  # noqa: S101 - `_service` has looked
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
        return self._vault.mac("issue-request", request.service_id, request.proof_id, form).hex()

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


def sheet_data(
    certificate: Certificate,
    content: dict[str, Any],
    *,
    terminal: str,
    print_serial: int,
    url: str,
    verify_address: str,
    specimen: bool,
) -> dict[str, Any]:
    """What the sheet says, apart from its seal: the template's `data`."""
    local = certificate.issued_at.astimezone(_SHANGHAI)
    note = _SPECIMEN_NOTE if specimen else _NOTE
    mark = f"{mask_name(certificate.holder_name)} {local:%Y-%m-%d %H:%M}"
    return {
        "title_zh": certificate.title_zh,
        "title_en": certificate.title_en,
        "issuer_zh": certificate.issuer_zh,
        "number": certificate.number,
        "identifier": certificate.identifier,
        "holder_name": certificate.holder_name,
        "holder_number": certificate.holder_number,
        "verification_code": certificate.verification_code,
        "verify_address": verify_address,
        "valid_until": _day(certificate.valid_until),
        "issued_at": f"{local:%Y-%m-%d %H:%M:%S}",
        "issued_on": _day(certificate.issued_at),
        "kiosk": terminal,
        "print_serial": f"{print_serial:06d}",
        "foot_zh": "样张：由演示系统签发，不具有法律效力" if specimen else certificate.issuer_zh,
        "note_zh": note.zh,
        "note_en": note.en,
        "watermark": f"样张 SPECIMEN {mark}" if specimen else mark,
        "specimen": specimen,
        "qr_svg": links.qr_svg(url),
        "content": content,
    }


def masked_data(data: dict[str, Any], mapping: Mapping) -> dict[str, Any]:
    """The same sheet for the eyes around the kiosk: no clear name or number, and nothing that opens the check."""
    return {
        **data,
        "holder_name": mask_name(data["holder_name"]),
        "holder_number": mask_id_number(data["holder_number"]),
        "verification_code": f"{data['verification_code'][:4]}-****-****-****",
        "qr_svg": links.qr_svg(data["verify_address"]),
        "content": mapping.masked(data["content"]),
    }


def _check_form(service: Service, form: dict[str, str]) -> None:
    """Exactly the service's own fields, each with a value it allows. The kiosk has checked: this is the fence."""
    names = {field.name for field in service.form}
    wrong = set(form) ^ names
    for field in service.form:
        value = form.get(field.name, "")
        if isinstance(field, ChoiceField):
            allowed = value in {option.value for option in field.options}
        else:
            allowed = len(value) <= field.max_length and re.fullmatch(field.pattern, value) is not None
        if not allowed:
            wrong.add(field.name)
    if wrong:
        raise HTTPException(422, f"form: {', '.join(sorted(wrong & names)) or 'unknown fields'}")


async def _by_intent(session: AsyncSession, kiosk_id: str, intent_id: str) -> Certificate | None:
    found = await session.execute(
        select(Certificate).where(Certificate.kiosk_id == kiosk_id, Certificate.intent_id == intent_id)
    )
    return found.scalar_one_or_none()


def _day(at: datetime) -> str:
    local = at.astimezone(_SHANGHAI)
    return f"{local.year} 年 {local.month} 月 {local.day} 日"
