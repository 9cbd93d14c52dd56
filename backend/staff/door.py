"""What the parts of sign-in share while the app runs (`app.state.door`): rules, keys, the hashing pool, cookies."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request, Response

from backend.db.engine import Sessions
from backend.identity.crypto import Vault
from backend.staff import sessions as staff_sessions
from backend.staff.models import StaffMember
from backend.staff.passwords import Passwords
from backend.staff.sessions import Stage
from backend.staff.settings import StaffSettings

KNOWN = "menkou_known_browser"
_KNOWN_FOR_S = 180 * 24 * 3600


class Door:
    """`production`: cookies for https only, and a second factor for everybody."""

    def __init__(
        self,
        sessions: Sessions,
        settings: StaffSettings,
        vault: Vault,
        passwords: Passwords,
        *,
        production: bool,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        grain_s: float = 0.5,
    ) -> None:
        self.sessions = sessions
        self.settings = settings
        self.vault = vault
        self.passwords = passwords
        self.production = production
        self.clock = clock
        self.grain_s = grain_s  # refused sign-ins are answered at multiples of it, whatever was the reason

    @property
    def second_factor_mandatory(self) -> bool:
        return self.production or self.settings.second_factor

    @property
    def cookie(self) -> str:
        # The prefix makes browsers refuse it over http, for other paths, and from neighbouring hosts.
        return f"__Host-{staff_sessions.COOKIE}" if self.production else staff_sessions.COOKIE

    def stage_after(self, member: StaffMember) -> Stage:
        """Where somebody stands who has shown all there is to show."""
        must_enrol = self.second_factor_mandatory and member.totp_secret is None
        return Stage.SETUP if member.must_change_password or must_enrol else Stage.FULL

    def set_cookie(self, response: Response, secret: str) -> None:
        response.set_cookie(self.cookie, secret, httponly=True, samesite="strict", secure=self.production, path="/")

    def drop_cookie(self, response: Response) -> None:
        response.delete_cookie(self.cookie, httponly=True, samesite="strict", secure=self.production, path="/")

    # Browsers that have signed in before

    def remember_browser(self, response: Response, member: StaffMember) -> None:
        nonce = secrets.token_hex(8)
        response.set_cookie(
            KNOWN,
            f"{member.staff_id}:{nonce}:{self._known_mac(member, nonce)}",
            max_age=_KNOWN_FOR_S,
            httponly=True,
            samesite="strict",
            secure=self.production,
            path="/console/sign-in",
        )

    def knows_browser(self, cookie: str, member: StaffMember) -> bool:
        staff_id, _, rest = cookie.partition(":")
        nonce, _, mac = rest.partition(":")
        return staff_id == member.staff_id and hmac.compare_digest(
            mac.encode(), self._known_mac(member, nonce).encode()
        )

    def _known_mac(self, member: StaffMember, nonce: str) -> str:
        since = member.password_at.isoformat() if member.password_at else ""  # a new password forgets all browsers
        return self.vault.mac("known-browser", member.staff_id, nonce, since).hex()

    # Secrets of the second factor

    def seal(self, member: StaffMember, secret: str) -> bytes:
        return self.vault.encrypt(secret.encode(), f"staff_member.totp/{member.staff_id}")

    def unseal(self, member: StaffMember, sealed: bytes) -> str:
        return self.vault.decrypt(sealed, f"staff_member.totp/{member.staff_id}").decode()


def door_of(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


CurrentDoor = Annotated[Door, Depends(door_of)]
