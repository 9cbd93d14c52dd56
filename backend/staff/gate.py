"""The gate of the app: a session's cookie or an API token -> the staff member. Nothing is cached, so what is revoked
is out at the next request, in every process."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request
from sqlalchemy import update

from backend.db.engine import writing
from backend.staff import sessions, tokens
from backend.staff.door import Door
from backend.staff.models import StaffToken
from backend.staff.roles import Staff
from backend.staff.sessions import Open, Stage

_TOKEN_TOUCH = timedelta(minutes=1)


class AccountGate:
    """Implements access.Gate."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def staff_of(self, request: Request) -> Staff | None:
        """A request with an Authorization header is judged by that alone."""
        if "authorization" in request.headers:
            return await self._of_token(request.headers["authorization"])
        found = await open_session(request, self._door)
        return found.staff if found is not None and found.stage is Stage.FULL else None

    async def _of_token(self, header: str) -> Staff | None:
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret.startswith(tokens.PREFIX):
            return None
        at = self._door.clock()
        async with self._door.sessions() as session:
            found = await tokens.find(session, secret.strip(), at)
        if found is None:
            return None
        token, staff = found
        if token.used_at is None or at - token.used_at >= _TOKEN_TOUCH:
            async with writing(self._door.sessions) as session:
                await session.execute(
                    update(StaffToken).where(StaffToken.token_id == token.token_id).values(used_at=at)
                )
                await session.commit()
        return staff


async def open_session(request: Request, door: Door) -> Open | None:
    """The browser's session at whatever stage; being seen keeps it from idling out."""
    secret = request.cookies.get(door.cookie)
    if not secret:
        return None
    at = door.clock()
    async with door.sessions() as session:
        found = await sessions.find(session, secret, at, door.settings.idle)
    if found is not None and at - found.seen_at >= sessions.TOUCH:
        async with writing(door.sessions) as session:
            await sessions.touch(session, found.session_hash, at)
            await session.commit()
    return found
