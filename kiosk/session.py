"""The one object that holds a resident's personal data on the terminal; wiping it ends the session."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from uuid import uuid4

from backend.contract.business_licence import LicenceClaims
from backend.contract.kiosk_api import IdentityProof
from backend.contract.service_api import Agent, Prefill
from content.schema.text import Text
from drivers.id_reader.port import IdCard


@dataclass(frozen=True, repr=False)
class Known:
    """A field's value that came from a card, a licence or a department."""

    value: str
    source: Text
    locked: bool


@dataclass(repr=False)
class Session:
    """From the first touch on a service to the goodbye. Never logged: its `repr` is its random id."""

    id: str = field(default_factory=lambda: uuid4().hex[:16])
    card: IdCard | None = None
    proof: IdentityProof | None = None
    form: dict[str, str] = field(default_factory=dict)
    face_refusals: int = 0  # in this session, whatever is gone back over
    # Of applications and packages
    situation: dict[str, str] = field(default_factory=dict)
    parts: list[str] | None = None  # of a package, the chosen ones; None: not chosen yet
    scans: dict[str, list[str]] = field(default_factory=dict)  # material id → ids of its kept pages
    known: dict[str, Known] = field(default_factory=dict)  # prefilled fields, by name
    fetched: list[Prefill] | None = None  # what the departments gave; None: they were not asked yet
    for_another: bool = False
    relation: str = ""
    principal: Agent | None = None
    licence: str | None = None  # the text of its QR code
    licence_claims: LicenceClaims | None = None
    delivery: str | None = None
    signature: bytes | None = None  # PNG
    draft_code: str | None = None
    paper_on_glass: bool = False  # something was laid under the camera: its owner is reminded of it at the end
    helper: str = ""  # the name of staff who joined by badge: what is filled in is hidden from them
    failure: str = ""  # what ended the journey before, where it is reported (办不成事)
    resumed: set[str] = field(default_factory=set)  # steps whose answers came with a draft: not asked again

    def forget_matter(self) -> None:
        """Whose matter it is has changed: everything that was said, scanned, signed or looked up for it was about
        somebody else. Who stands here stays known."""
        for each in (self.form, self.situation, self.scans, self.known, self.resumed):
            each.clear()
        self.parts = self.fetched = self.delivery = self.signature = self.draft_code = None

    def __repr__(self) -> str:
        return f"Session({self.id})"

    def wipe(self) -> None:
        """Forget the person. Python cannot overwrite immutable strings; dropping every reference is what it can do,
        and core dumps are off."""
        self.forget_matter()
        empty = Session(id=self.id, face_refusals=self.face_refusals)
        for one in fields(self):
            setattr(self, one.name, getattr(empty, one.name))
