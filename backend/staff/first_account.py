"""Embedded: the first start makes an account "admin" with every role, its password in a file only its owner reads."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import func, select

from backend.db.engine import writing
from backend.regions.division import COUNTRY
from backend.secret_files import write_secret
from backend.staff import accounts
from backend.staff.accounts import NewMember
from backend.staff.door import Door
from backend.staff.errors import StaffError
from backend.staff.models import StaffMember
from backend.staff.passwords import make_password
from backend.staff.roles import Grant, Role

LOGIN = "admin"
PASSWORD_FILE = "console-password.txt"  # noqa: S105 - a file's name; under var_dir


async def ensure_first_account(door: Door, var_dir: Path) -> None:
    """Nothing happens once there is any account."""
    async with door.sessions() as session:
        if await session.scalar(select(func.count()).select_from(StaffMember)):
            return
    password = make_password()
    hashed = await door.passwords.hash(password)
    maker = accounts.command_line(f"first-start:{os.getuid()}")
    async with writing(door.sessions) as session:
        if await session.scalar(select(func.count()).select_from(StaffMember)):
            return
        at = door.clock()
        try:
            await accounts.add(session, maker, NewMember(LOGIN, "管理员", COUNTRY, hashed, must_change=False), at)
        except StaffError:  # another process has started at the same moment and was first
            return
        for role in Role:
            await accounts.grant(session, maker, LOGIN, Grant(role, COUNTRY), at, apart=False)
        # Before the commit: an account nobody has the password of would block the way for good.
        write_secret(var_dir / PASSWORD_FILE, f"{LOGIN} {password}\n".encode())
        await session.commit()
