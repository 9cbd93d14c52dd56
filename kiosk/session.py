"""The one object that holds a resident's personal data on the terminal; wiping it ends the session."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

from backend.contract.kiosk_api import IdentityProof
from drivers.id_reader.port import IdCard


@dataclass(repr=False)
class Session:
    """From the first touch on a service to the goodbye. Never logged: its `repr` is its random id."""

    id: str = field(default_factory=lambda: uuid4().hex[:16])
    card: IdCard | None = None
    proof: IdentityProof | None = None
    form: dict[str, str] = field(default_factory=dict)
    face_refusals: int = 0  # in this session, whatever is gone back over

    def __repr__(self) -> str:
        return f"Session({self.id})"

    def wipe(self) -> None:
        """Forget the person. Python cannot overwrite immutable strings; dropping every reference is what it can do,
        and core dumps are off."""
        self.card = None
        self.proof = None
        self.form.clear()
