"""Look up a bill at the department that sends it."""

from __future__ import annotations

import calendar
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete

from backend.bills.models import BillRow
from backend.catalogue import Catalogue
from backend.contract.kiosk_api import Bill, BillQuery, ProblemCode
from backend.db.engine import Sessions, writing
from backend.exchange.client import ExchangeClient
from backend.problems import Refused
from content.codes.masking import mask_account, mask_name
from content.schema.service import NumberField, Service
from content.schema.text import Text

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_YEAR = re.compile(r"(19|20)\d{2}")
_DIGITS = re.compile(r"[\d-]+")  # what looks like a date and is none
_QUANTITY = re.compile(r"\d{1,12}(\.\d{1,4})?")
_LONGEST_PERIOD = 40
_LONGEST_NUMBER = 64


async def query_bill(
    sessions: Sessions, exchange: ExchangeClient, catalogue: Catalogue, ttl_s: int, kiosk_id: str, query: BillQuery
) -> Bill:
    """The bill, masked, bound to the kiosk that asked.

    Refused: SERVICE_UNKNOWN, ACCOUNT_NOT_FOUND, NOTHING_DUE, DEPARTMENT_DOWN.
    """
    service = catalogue.service(query.service_id, "bill-payment")
    field = next((field for field in service.form if isinstance(field, NumberField)), None)
    if field is None or service.operation is None:
        raise Refused(ProblemCode.SERVICE_UNKNOWN)
    if not re.fullmatch(field.pattern, query.account):
        raise Refused(ProblemCode.ACCOUNT_NOT_FOUND)
    answer = await exchange.call(service.operation, {field.name: query.account})
    match answer["result"]:
        case "ok":
            row, bill = _bill(service, kiosk_id, ttl_s, query.account, answer)
        case "not-found":
            raise Refused(ProblemCode.ACCOUNT_NOT_FOUND)
        case "nothing-due":
            raise Refused(ProblemCode.NOTHING_DUE)
        case _:
            raise Refused(ProblemCode.DEPARTMENT_DOWN, "an answer we do not know")
    async with writing(sessions) as session:
        # A payment copies what it needs, so nothing refers to a bill that can no longer be paid.
        await session.execute(delete(BillRow).where(BillRow.expires_at < row.created_at))
        session.add(row)
        await session.commit()
    return bill


def _bill(service: Service, kiosk_id: str, ttl_s: int, account: str, answer: dict[str, Any]) -> tuple[BillRow, Bill]:
    try:
        bill_no, name, period = str(answer["bill_no"]), str(answer["customer_name"]), str(answer["period"])
        amount_fen = answer["amount_fen"]
    except KeyError:
        raise Refused(ProblemCode.DEPARTMENT_DOWN, "a bill without all its fields") from None
    said = period_words(period)
    usage = usage_words(answer, service.usage_unit)
    sensible = said is not None and usage is not None and 0 < len(bill_no) <= _LONGEST_NUMBER
    if not sensible or type(amount_fen) is not int or amount_fen <= 0:
        raise Refused(ProblemCode.DEPARTMENT_DOWN, "a bill that makes no sense")
    assert said is not None and usage is not None  # noqa: S101, PT018 - just looked
    now = datetime.now(UTC)
    shown = Bill(
        bill_id=secrets.token_urlsafe(18),
        account_masked=mask_account(account),
        customer_masked=mask_name(name)[:120],
        period_zh=said.zh,
        period_en=said.en,
        usage_zh=usage.zh,
        usage_en=usage.en,
        amount_fen=amount_fen,
    )
    row = BillRow(
        bill_id=shown.bill_id,
        kiosk_id=kiosk_id,
        service_id=service.id,
        department=(service.operation or "").split(".")[0],
        bill_no=bill_no,
        amount_fen=amount_fen,
        title_zh=service.title.zh,
        title_en=service.title.en,
        account_masked=shown.account_masked,
        customer_masked=shown.customer_masked,
        period_zh=shown.period_zh,
        period_en=shown.period_en,
        created_at=now,
        expires_at=now + timedelta(seconds=ttl_s),
    )
    return row, shown


def period_words(period: str) -> Text | None:
    """2026-10 → 2026年10月, 2026 → 2026年; other words as they are. None for a month or year that cannot be."""
    period = period.strip()
    if month := _MONTH.fullmatch(period):
        return Text(f"{month[1]}年{int(month[2])}月", f"{calendar.month_name[int(month[2])]} {month[1]}")
    if _YEAR.fullmatch(period):
        return Text(f"{period}年", period)
    if not period or len(period) > _LONGEST_PERIOD or not period.isprintable() or _DIGITS.fullmatch(period):
        return None
    return Text.same(period)


def usage_words(answer: dict[str, Any], unit: Text | None) -> Text | None:
    """What was used, in the service's unit; empty where bills have none. None for nonsense."""
    value = answer.get("usage", answer.get("usage_m3"))
    if unit is None or value is None:
        return Text("", "")
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, int | str) or not _QUANTITY.fullmatch(text):
        return None
    return Text(f"{text} {unit.zh}", f"{text} {unit.en}")
