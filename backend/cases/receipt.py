"""What the terminal prints about a case (受理单)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.cases import words
from backend.cases.models import CaseEvent, CaseEventKind, CaseMaterialRow, CasePartRow, CaseState, ServiceCase
from backend.contract.kiosk_api import FieldEntry
from backend.contract.service_api import CasePart, CaseReceipt
from content.schema.text import Text


async def receipt(session: AsyncSession, case: ServiceCase, code: str) -> CaseReceipt:
    """`code`: the check code, in the clear."""
    parts = await session.scalars(
        select(CasePartRow).where(CasePartRow.case_no == case.case_no).order_by(CasePartRow.place)
    )
    outcome = await _outcome(session, case)
    return CaseReceipt(
        intent_id=case.intent_id,
        case_no=case.case_no,
        check_code=code,
        state=case.state,
        title_zh=case.title_zh,
        title_en=case.title_en,
        department_zh=case.department_zh,
        department_en=case.department_en,
        received_at=case.received_at,
        promised_by=case.promised_by,
        parts=[
            CasePart(
                part_id=part.part_id,
                title_zh=part.title_zh,
                title_en=part.title_en,
                department_zh=part.department_zh,
                department_en=part.department_en,
            )
            for part in parts
        ],
        to_bring=[_bring(row) for row in await missing(session, case.case_no)],
        outcome_zh=outcome.zh,
        outcome_en=outcome.en,
    )


async def missing(session: AsyncSession, case_no: str) -> list[CaseMaterialRow]:
    """What is still to be handed in."""
    rows = await session.scalars(
        select(CaseMaterialRow)
        .where(
            CaseMaterialRow.case_no == case_no,
            CaseMaterialRow.how.in_(("bring", "later")),
            CaseMaterialRow.received_at.is_(None),
        )
        .order_by(CaseMaterialRow.place)
    )
    return list(rows)


def day_words(day: date) -> Text:
    return Text(f"{day.year}年{day.month}月{day.day}日", f"{day:%d} {_MONTHS[day.month - 1]} {day.year}")


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _bring(row: CaseMaterialRow) -> FieldEntry:
    if row.how == "bring":
        value = words.BRING
    else:
        value = words.LATER.format(day=day_words(row.by)) if row.by else words.LATER_OPEN
    return FieldEntry(label_zh=row.title_zh, label_en=row.title_en, value_zh=value.zh, value_en=value.en)


async def _outcome(session: AsyncSession, case: ServiceCase) -> Text:
    if case.state == CaseState.INSTANT:
        return Text(case.outcome_zh, case.outcome_en)
    if case.state == CaseState.REFUSED:
        reason = await session.scalar(
            select(CaseEvent.reason)
            .where(CaseEvent.case_no == case.case_no, CaseEvent.kind == CaseEventKind.REFUSED.value)
            .order_by(CaseEvent.number)
        )
        return words.refusal(reason or "")
    return Text("", "")
