"""What the desk asks to be signed: one small file that is carried to the keys."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from content.signing.names import target_path
from content.signing.roles import SigningFault

VERSION = r"^[0-9A-Za-z][0-9A-Za-z.+_-]{0,79}$"


class ReleaseToSign(BaseModel):
    """One content release: the digest and size of its pack.json stand for all of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Annotated[str, Field(pattern=VERSION)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(gt=0, le=64 * 1024 * 1024)]
    notes: Annotated[str, Field(max_length=1000)] = ""

    @property
    def path(self) -> str:
        return target_path(self.version)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Annotated[int, Field(ge=1, le=1)] = 1
    made_at: AwareDatetime
    releases: list[ReleaseToSign]
    withdraw: list[Annotated[str, Field(pattern=VERSION)]] = []
    targets: str = ""  # the targets metadata in force, base64; "": there is none yet


@dataclass(frozen=True)
class TargetsRequest:
    """`targets`: in force at the desk, signed; None at the very first. `withdraw`: versions no kiosk may take again."""

    made_at: datetime
    releases: tuple[ReleaseToSign, ...]
    targets: bytes | None = field(default=None, repr=False)
    withdraw: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        file = _File(
            made_at=self.made_at,
            releases=list(self.releases),
            withdraw=list(self.withdraw),
            targets=base64.b64encode(self.targets or b"").decode(),
        )
        return json.dumps(file.model_dump(mode="json"), indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> TargetsRequest:
        """Raises SigningFault."""
        try:
            file = _File.model_validate_json(data)
            targets = base64.b64decode(file.targets, validate=True)
        except (ValidationError, ValueError):
            raise SigningFault("this is not a request of a desk; take the file the desk gave out") from None
        return cls(file.made_at, tuple(file.releases), targets or None, tuple(file.withdraw))
