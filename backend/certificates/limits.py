"""How often a person may print the same paper in a day, and whether there is a blank for it."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.certificates.models import Certificate
from backend.contract.kiosk_api import CertificateState
from backend.contract.service_api import ServiceProblem
from backend.db.locks import hold
from backend.identity.service import Person
from backend.problems import Refused
from backend.stock import service as stock
from content.schema.service import Service

_SHANGHAI = ZoneInfo("Asia/Shanghai")


async def check(session: AsyncSession, kiosk_id: str, service: Service, person: Person) -> None:
    """Before a department is asked for nothing. Refused: daily-limit, no-stock."""
    await _check_day(session, service, person)
    paper = service.certificate
    if paper is not None and paper.stock is not None and not await stock.left(session, kiosk_id, paper.stock):
        raise Refused(ServiceProblem.NO_STOCK, paper.stock)


async def hold_place(session: AsyncSession, service: Service, person: Person) -> None:
    """In the transaction that issues: whoever prints at two kiosks at once comes one after the other.

    Refused: daily-limit.
    """
    if service.certificate is not None and service.certificate.daily_limit is not None:
        await hold(session, "certificate-day", service.id, person.person_hash)
        await _check_day(session, service, person)


async def _check_day(session: AsyncSession, service: Service, person: Person) -> None:
    limit = service.certificate.daily_limit if service.certificate else None
    if limit is None:
        return
    today = datetime.now(_SHANGHAI).date()
    midnight = datetime.combine(today, time(), _SHANGHAI).astimezone(UTC)
    printed = await session.scalar(
        select(func.count())
        .select_from(Certificate)
        .where(
            Certificate.person_hash == person.person_hash,
            Certificate.service_id == service.id,
            Certificate.issued_at >= midnight,
            Certificate.state != CertificateState.VOIDED.value,  # a jam is not the resident's print
        )
    )
    if (printed or 0) >= limit:
        raise Refused(ServiceProblem.DAILY_LIMIT, service.id)
