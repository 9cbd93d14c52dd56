"""The answer to "is this certificate real?": by QR link, typed code or file. Only masked data leave here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.sql.elements import ColumnElement

from backend.certificates import links
from backend.certificates.check import FileState
from backend.certificates.models import Certificate
from backend.certificates.press import Press
from backend.contract.kiosk_api import CertificateState
from backend.db.engine import Sessions
from backend.identity.crypto import Vault
from content.codes.masking import mask_id_number_public, mask_name


class Verdict(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"  # genuine, but the time for checking is over
    VOIDED = "voided"
    UNKNOWN = "unknown"
    ALTERED = "altered"  # files only
    NOT_OURS = "not-ours"  # files only
    UNREADABLE = "unreadable"  # files only


@dataclass(frozen=True)
class Finding:
    """The verdict and, where a certificate was found, what may be shown of it."""

    verdict: Verdict
    title_zh: str = ""
    title_en: str = ""
    issuer_zh: str = ""
    issuer_en: str = ""
    number: str = ""
    identifier: str = ""
    holder_masked: str = ""
    holder_number_masked: str = ""
    issued_at: datetime | None = None
    valid_until: datetime | None = None
    state: CertificateState | None = None


class Verification:
    def __init__(self, sessions: Sessions, vault: Vault, press: Press) -> None:
        self._sessions = sessions
        self._vault = vault
        self._press = press

    async def by_link(self, link: links.Link) -> Finding:
        """Unknown ids, other times and wrong MACs all get the same answer."""
        row = await self._one(Certificate.id == link.short_id)
        if row is None:
            return Finding(Verdict.UNKNOWN)
        right = links.make_link(self._vault, row.id, row.issued_at, row.person_hash, row.valid_until)
        return _finding(row) if links.same_link(link, right) else Finding(Verdict.UNKNOWN)

    async def by_code(self, typed: str) -> Finding:
        code = links.normalise_code(typed)
        row = await self._one(Certificate.verification_code == code) if code else None
        return _finding(row) if row else Finding(Verdict.UNKNOWN)

    async def by_file(self, pdf: bytes) -> Finding:
        """Genuine means: our signature over the whole file, and the very bytes that were issued."""
        check = await self._press.check(pdf)
        if check.state is not FileState.VALID:
            return Finding(Verdict(check.state.value))
        row = await self._one(Certificate.sha256 == hashlib.sha256(pdf).hexdigest())
        return _finding(row) if row else Finding(Verdict.ALTERED)  # our seal, but not on these bytes

    async def _one(self, condition: ColumnElement[bool]) -> Certificate | None:
        async with self._sessions() as session:
            found = await session.execute(select(Certificate).where(condition))
            return found.scalars().first()


def _finding(row: Certificate) -> Finding:
    state = CertificateState(row.state)
    verdict = Verdict.VALID
    if state is CertificateState.VOIDED:
        verdict = Verdict.VOIDED
    elif row.valid_until <= datetime.now(UTC):
        verdict = Verdict.EXPIRED
    return Finding(
        verdict,
        title_zh=row.title_zh,
        title_en=row.title_en,
        issuer_zh=row.issuer_zh,
        issuer_en=row.issuer_en,
        number=row.number,
        identifier=row.identifier,
        holder_masked=mask_name(row.holder_name),
        holder_number_masked=mask_id_number_public(row.holder_number),
        issued_at=row.issued_at,
        valid_until=row.valid_until,
        state=state,
    )
