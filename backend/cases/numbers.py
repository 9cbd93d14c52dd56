"""Case numbers and the check codes that open a case's progress."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.cases.models import CaseSerial, ServiceCase
from backend.contract.service_api import ServiceProblem
from backend.db.locks import hold
from backend.identity.crypto import Vault
from backend.problems import Refused

CODE_ALPHABET = "ACDEFGHJKMNPQRTUWXY34679"  # without 0 O, 1 I L, 2 Z, 5 S, 8 B, V
CODE_LENGTH = 6
_LAST_SERIAL = 9999


async def next_case_no(session: AsyncSession, task_code: str, day: date, kiosk_id: str, share: int) -> str:
    """Task code (31), day and serial (4): 43 characters, without gaps. The caller commits, in a `writing()` session.

    Refused: daily-limit, when a day's ten thousand are used up, or the kiosk's `share` of them.
    """
    await hold(session, "case-serial", task_code, day.isoformat())
    row = await session.get(CaseSerial, (task_code, day))
    if row is None:
        row = CaseSerial(task_code=task_code, day=day, last=0)
        session.add(row)
    if row.last >= _LAST_SERIAL:
        raise Refused(ServiceProblem.DAILY_LIMIT, "case numbers of this task are used up today")
    # Nobody can have more of them than there are: most days nothing is counted.
    if row.last >= share and await _taken(session, f"{task_code}{day:%Y%m%d}", kiosk_id) >= share:
        raise Refused(ServiceProblem.DAILY_LIMIT, "this kiosk's share of the case numbers is used up today")
    row.last += 1
    await session.flush()
    return f"{task_code}{day:%Y%m%d}{row.last:04d}"


async def _taken(session: AsyncSession, prefix: str, kiosk_id: str) -> int:
    own = select(func.count()).select_from(ServiceCase)
    own = own.where(ServiceCase.kiosk_id == kiosk_id, ServiceCase.case_no.between(f"{prefix}0000", f"{prefix}9999"))
    return await session.scalar(own) or 0


def new_salt() -> str:
    return secrets.token_hex(12)


def check_code(vault: Vault, case_no: str, salt: str) -> str:
    """Six characters that cannot be mistaken for one another. Kept nowhere: they follow from our key, the number and
    a random salt, so that a lost answer can be repeated and a stolen database tells none of them."""
    value = int.from_bytes(vault.mac("case-check-code", case_no, salt), "big")
    characters = []
    for _ in range(CODE_LENGTH):
        value, place = divmod(value, len(CODE_ALPHABET))
        characters.append(CODE_ALPHABET[place])
    return "".join(characters)


def typed(text: str) -> str:
    """What was typed or scanned, without the blanks and dashes it is printed with; full-width as half-width."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).upper() if char.isalnum())


def masked(case_no: str) -> str:
    """For the screen: the day and the serial, which the applicant knows anyway."""
    return f"****{case_no[-12:-4]}-{case_no[-4:]}" if len(case_no) > 12 else "****"
