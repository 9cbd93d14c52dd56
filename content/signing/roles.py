"""Who signs what, for how long it counts, under which names it lies: for the ceremony, the desk and kiosks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Signed, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError
from tuf.api.serialization.json import JSONSerializer

ROOT, TARGETS, SNAPSHOT, TIMESTAMP = Root.type, Targets.type, Snapshot.type, Timestamp.type
OFFLINE = (ROOT, TARGETS)
ONLINE = (SNAPSHOT, TIMESTAMP)  # the only keys a server ever holds

# Offline signatures are a journey with keys, online ones a job: the shorter, the sooner a frozen desk is noticed.
LIFE = {
    ROOT: timedelta(days=365),
    TARGETS: timedelta(days=180),
    SNAPSHOT: timedelta(days=14),
    TIMESTAMP: timedelta(days=3),
}
ROOT_THRESHOLD = 2
MOST_METADATA = 5_000_000  # bytes of any metadata file

# When it was made, inside what is signed: no kiosk's clock goes below the latest it has seen.
MADE_AT = "x-menkou-made-at"


class SigningFault(Exception):
    """Something does not fit; the message is for the person at the keyboard and says what to do."""


def stamp(signed: Signed, now: datetime) -> None:
    """Made now, in force for as long as its role is."""
    now = now.astimezone(UTC).replace(microsecond=0)
    signed.expires = now + LIFE[signed.type]
    signed.unrecognized_fields[MADE_AT] = now.isoformat()


def made_at(signed: Signed) -> datetime | None:
    """When it was made; None where it does not say."""
    told = signed.unrecognized_fields.get(MADE_AT)
    try:
        moment = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def dump(metadata: Metadata[Any]) -> bytes:
    return metadata.to_bytes(JSONSerializer(compact=False))


def parse_root(data: bytes) -> Metadata[Root]:
    """Raises SigningFault."""
    return _parse(data, Root)


def parse_targets(data: bytes) -> Metadata[Targets]:
    """Raises SigningFault."""
    return _parse(data, Targets)


def _parse(data: bytes, kind: type[Any]) -> Metadata[Any]:
    if len(data) > MOST_METADATA:
        raise SigningFault(f"this {kind.type} metadata is larger than any of ours; it is not what it says")
    try:
        metadata: Metadata[Any] = Metadata.from_bytes(data)
    except (DeserializationError, RepositoryError, ValueError):
        raise SigningFault(f"this is not TUF metadata; a {kind.type} metadata file is wanted") from None
    if not isinstance(metadata.signed, kind):
        raise SigningFault(f"this is {metadata.signed.type} metadata; {kind.type} is wanted")
    return metadata
