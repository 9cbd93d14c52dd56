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

_PERIOD = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


async def query_bill(
    sessions: Sessions, exchange: ExchangeClient, catalogue: Catalogue, ttl_s: int, kiosk_id: str, query: BillQuery
) -> Bill:
    """The bill, masked, bound to the kiosk that asked.

    Refused: SERVICE_UNKNOWN, ACCOUNT_NOT_FOUND, NOTHING_DUE, DEPARTMENT_DOWN.
    """
    service = catalogue.service(query.service_id, "bill-payment")
    field = next(field for field in service.form if isinstance(field, NumberField))
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
        amount_fen, usage = answer["amount_fen"], answer["usage_m3"]
    except KeyError:
        raise Refused(ProblemCode.DEPARTMENT_DOWN, "a bill without all its fields") from None
    month = _PERIOD.fullmatch(period)
    if month is None or type(amount_fen) is not int or amount_fen <= 0 or type(usage) is not int:
        raise Refused(ProblemCode.DEPARTMENT_DOWN, "a bill that makes no sense")
    now = datetime.now(UTC)
    shown = Bill(
        bill_id=secrets.token_urlsafe(18),
        account_masked=mask_account(account),
        customer_masked=mask_name(name),
        period_zh=f"{month[1]}年{int(month[2])}月",
        period_en=f"{calendar.month_name[int(month[2])]} {month[1]}",
        usage_zh=f"{usage} 吨",
        usage_en=f"{usage} m³",
        amount_fen=amount_fen,
    )
    row = BillRow(
        bill_id=shown.bill_id,
        kiosk_id=kiosk_id,
        service_id=service.id,
        department=service.operation.split(".")[0],
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
