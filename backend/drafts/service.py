"""Saving answers to go on with, and giving them back to the same person."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.catalogue import Catalogue
from backend.contract.kiosk_api import ProblemCode
from backend.contract.service_api import Draft, DraftSaved, DraftToOpen, DraftToSave, ServiceProblem
from backend.db.engine import Sessions, writing
from backend.db.locks import hold
from backend.drafts.models import DraftRow
from backend.identity.crypto import Vault
from backend.identity.service import Person, person_of
from backend.operations.jobs import Lease
from backend.problems import Refused
from backend.records.forms import fits
from content.codes.draft_code import new_draft_code, valid_draft_code
from content.forms_merge import merged_form
from content.schema.base import holds
from content.schema.forms import FormField
from content.schema.service import Kind, Service

log = structlog.get_logger()

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_JOURNEYS = (Kind.APPLICATION, Kind.PACKAGE)
_LONGEST = 2000  # characters of one answer


class DraftService:
    def __init__(
        self,
        sessions: Sessions,
        catalogue: Catalogue,
        vault: Vault,
        *,
        keep: timedelta,
        most: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`keep`: how long a draft can be gone on with; `most`: of one person."""
        self._sessions = sessions
        self._catalogue = catalogue
        self._vault = vault
        self._keep = keep
        self._most = most
        self._clock = clock

    async def save(self, kiosk_id: str, request: DraftToSave) -> DraftSaved:
        """A draft that is gone on with keeps its code. One person's oldest goes when there are too many.

        Refused: service-unknown, proof-expired, form-invalid (no answer of this service is that long).
        """
        service = self._service(request.service_id, request.service_version)
        content = _known(service, request.situation, request.form, request.parts)
        content["for"] = self._whose(request.principal_number)
        if any(
            len(value) > _LONGEST for answers in (content["situation"], content["form"]) for value in answers.values()
        ):
            raise Refused(ServiceProblem.FORM_INVALID, "too long")
        now = self._clock()
        async with writing(self._sessions) as session:
            person = await person_of(session, kiosk_id, request.proof_id)
            await hold(session, "draft", person.person_hash)
            code, row = await self._row(session, person, request.code, now)
            row.service_id, row.service_version = service.id, request.service_version
            row.content = json.dumps(content, ensure_ascii=False)
            row.saved_at, row.expires_at = now, now + self._keep
            session.add(row)
            await session.flush()
            await self._make_room(session, person)
            await session.commit()
        log.info("draft_saved", kiosk=kiosk_id, service=service.id, person=person.person_hash[:16])
        return DraftSaved(code=code, expires_at=row.expires_at)

    async def open(self, kiosk_id: str, request: DraftToOpen) -> Draft:
        """What still fits the service as it is now; `service_version` is the one it was saved with.

        Refused: proof-expired; draft-unknown for a wrong code, an expired draft and another person's alike;
        draft-for-other where an agent's draft is opened for somebody else than it was saved for;
        service-unknown where the service is no longer offered.
        """
        async with self._sessions() as session:
            person = await person_of(session, kiosk_id, request.proof_id)
            row = await _find(session, self._vault, request.code, person.person_hash, self._clock())
        if row is None:
            log.info("draft_refused", kiosk=kiosk_id)
            raise Refused(ServiceProblem.DRAFT_UNKNOWN)
        service = self._service(row.service_id)
        content = json.loads(row.content)
        # Drafts from before there was this word are nobody's but the person's own.
        if (whose := content.get("for", "")) != self._whose(request.principal_number):
            log.info("draft_for_other", kiosk=kiosk_id)
            raise Refused(ServiceProblem.DRAFT_FOR_OTHER, "another" if whose else "self")
        today = self._clock().astimezone(_SHANGHAI).date()
        kept = _fitting(service, content["situation"], content["form"], content["parts"], today)
        dropped = sum(len(content[kind]) - len(kept[kind]) for kind in ("situation", "form", "parts"))
        return Draft(service_id=service.id, service_version=row.service_version, dropped=dropped, **kept)

    def _whose(self, principal_number: str) -> str:
        """ "" for one's own matter."""
        return self._vault.mac("draft-principal", principal_number).hex() if principal_number else ""

    async def purge(self, lease: Lease | None = None) -> None:
        """Throw away what has expired."""
        async with writing(self._sessions) as session:
            await session.execute(delete(DraftRow).where(DraftRow.expires_at <= self._clock()))
            await session.commit()

    def _service(self, service_id: str, version: int | None = None) -> Service:
        service = self._catalogue.service(service_id, version=version)
        if service.journey not in _JOURNEYS:
            raise Refused(ProblemCode.SERVICE_UNKNOWN)
        return service

    async def _row(
        self, session: AsyncSession, person: Person, code: str | None, now: datetime
    ) -> tuple[str, DraftRow]:
        if code and (known := await _find(session, self._vault, code, person.person_hash, now)):
            return code, known
        while True:
            code = new_draft_code()
            mac = _mac(self._vault, code)
            if await session.get(DraftRow, mac) is None:
                return code, DraftRow(code_mac=mac, person_hash=person.person_hash)

    async def _make_room(self, session: AsyncSession, person: Person) -> None:
        old = (
            select(DraftRow.code_mac)
            .where(DraftRow.person_hash == person.person_hash)
            .order_by(DraftRow.saved_at.desc(), DraftRow.code_mac)
            .offset(self._most)
        )
        for mac in list(await session.scalars(old)):
            await session.execute(delete(DraftRow).where(DraftRow.code_mac == mac))


async def forget_draft(session: AsyncSession, vault: Vault, code: str, person_hash: str) -> None:
    """Its case has been opened. The caller commits."""
    await session.execute(
        delete(DraftRow).where(DraftRow.code_mac == _mac(vault, code), DraftRow.person_hash == person_hash)
    )


async def _find(session: AsyncSession, vault: Vault, code: str, person_hash: str, now: datetime) -> DraftRow | None:
    if not valid_draft_code(code):
        return None
    row = await session.get(DraftRow, _mac(vault, code))
    if row is None or row.person_hash != person_hash or row.expires_at <= now:
        return None
    return row


def _mac(vault: Vault, code: str) -> str:
    return vault.mac("draft-code", code).hex()


def _fields(service: Service, parts: list[str], answers: Mapping[str, str] | None) -> dict[str, FormField]:
    """By name. `answers` None: every field there is, whether it applies or not."""
    if service.package is None:
        return {one.name: one for one in service.form if answers is None or holds(one.when, dict(answers))}
    chosen = [part for part in service.package.parts if part.id in parts]
    if answers is not None:
        return {one.name: one for one in merged_form(service, chosen, answers)}
    return {one.shared_as: one for one in (*service.form, *(one for part in chosen for one in part.form))}


def _known(service: Service, situation: dict[str, str], form: dict[str, str], parts: list[str]) -> dict[str, Any]:
    """What the service asks about; anything else is not ours to keep."""
    there = [part.id for part in service.package.parts] if service.package else []
    chosen = [part for part in there if part in parts]
    names = {one.name for one in service.situations}
    fields = _fields(service, chosen, None)
    return {
        "situation": {name: value for name, value in situation.items() if name in names},
        "form": {name: value for name, value in form.items() if name in fields},
        "parts": chosen,
    }


def _fitting(
    service: Service, situation: dict[str, str], form: dict[str, str], parts: list[str], today: date
) -> dict[str, Any]:
    kept = _known(service, situation, form, parts)
    answers: dict[str, str] = {}
    for one in service.situations:  # in their order: a later question may hang on an earlier one
        values = {option.value for option in one.options if option.stop is None}
        if holds(one.when, answers) and kept["situation"].get(one.name) in values:
            answers[one.name] = kept["situation"][one.name]
    if service.package is not None:
        there = {part.id for part in service.package.parts if holds(part.when, answers)}
        kept["parts"] = [part for part in kept["parts"] if part in there]
    fields = _fields(service, kept["parts"], None)
    well = {name: value for name, value in kept["form"].items() if name in fields and fits(fields[name], value, today)}
    shown = _fields(service, kept["parts"], {**answers, **well})
    return {
        "situation": answers,
        "form": {name: value for name, value in well.items() if name in shown},
        "parts": kept["parts"],
    }
