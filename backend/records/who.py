"""Who asks: a proven person (A2), the card on the reader (A1), an organisation by its licence (L1, L2), nobody (A0)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.kiosk_api import ProblemCode
from backend.identity.crypto import Vault
from backend.identity.service import Person, person_of
from backend.licences.check import check_licence
from backend.problems import Refused
from content.codes.resident_number import check_resident_number
from content.schema.service import AuthLevel, Service

# Person.method of those nobody has proven to be there
CARD = "card"
LICENCE = "licence"


def is_organisation(method: str) -> bool:
    """Of a Person.method: what was shown was a business licence."""
    return method.startswith(LICENCE)


@dataclass(frozen=True)
class Shown:
    """What somebody has shown at the terminal. `card`: name and number as read; both "" if none was."""

    proof_id: str | None = None
    card: tuple[str, str] = field(default=("", ""), repr=False)
    licence: str | None = field(default=None, repr=False)


class Doorkeeper:
    """`licence_key`: the registry's, see `licences.check`."""

    def __init__(self, vault: Vault, licence_key: str) -> None:
        self._vault = vault
        self._licence_key = licence_key

    async def who(self, session: AsyncSession, kiosk_id: str, service: Service, shown: Shown) -> Person | None:
        """Whose matter it is: for L1 and L2 the organisation's, with its name and USCC. None only for A0.

        Refused: proof-expired (also where what was shown is not enough), id-invalid, licence-invalid.
        """
        if service.auth.organisation:
            return await self._organisation(session, kiosk_id, service, shown)
        if shown.proof_id:
            return await person_of(session, kiosk_id, shown.proof_id)
        if service.auth is AuthLevel.A1 and all(shown.card):
            return self._of_card(*shown.card)
        if service.auth is AuthLevel.A0:
            return None
        raise Refused(ProblemCode.PROOF_EXPIRED)

    async def _organisation(self, session: AsyncSession, kiosk_id: str, service: Service, shown: Shown) -> Person:
        acting = None
        if service.auth.proves_holder:
            if not shown.proof_id:
                raise Refused(ProblemCode.PROOF_EXPIRED)
            acting = await person_of(session, kiosk_id, shown.proof_id)
        claims = check_licence(shown.licence, self._licence_key, number=acting.number if acting else None)
        method = LICENCE if acting is None else f"{LICENCE}+{acting.method}"[:20]
        return Person(claims.name, claims.uscc, self._vault.person_hash(claims.uscc), method)

    def _of_card(self, name: str, number: str) -> Person:
        result = check_resident_number(number)
        if result.fault is not None:
            raise Refused(ProblemCode.ID_INVALID, result.fault.value)
        return Person(name, result.number, self._vault.person_hash(result.number), CARD)
