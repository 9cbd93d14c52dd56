"""Two processes that start at once on an empty desk make one first account, and its password is the one in the file."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from backend.db.engine import Sessions
from backend.staff.first_account import PASSWORD_FILE, ensure_first_account
from backend.staff.models import StaffMember
from backend.staff.passwords import Passwords


async def test_several_at_once(sessions: Sessions, tmp_path: Path) -> None:
    passwords = Passwords()
    door: Any = SimpleNamespace(sessions=sessions, passwords=passwords, clock=lambda: datetime.now(UTC))
    await asyncio.gather(*(ensure_first_account(door, tmp_path) for _ in range(4)))
    async with sessions() as session:
        (member,) = await session.scalars(select(StaffMember))
    login, password = (tmp_path / PASSWORD_FILE).read_text().split()
    assert login == member.login
    assert await passwords.check(member.password, password)
    passwords.close()
