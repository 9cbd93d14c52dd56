"""What a channel is, and what became of a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Outgoing:
    """`message_id` goes with it: a receiver may drop a repetition."""

    message_id: str
    address: str
    title: str
    text: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Failure:
    """`code`: a kind for the page, never an answer's text. `final`: trying again cannot help."""

    code: str
    final: bool = False


class Channel(Protocol):
    """Failures are values; what is raised counts as a failure that may pass."""

    async def send(self, message: Outgoing) -> Failure | None: ...
