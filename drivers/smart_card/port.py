"""What the kiosk asks of any smart card reader: who is the holder of this social security card (社保卡)?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.device import Device


@dataclass(frozen=True, repr=False)
class SocialSecurityCard:
    """What can be read without a PIN (EF05, EF06). Its `repr` shows nothing of the person. Empty: not on the card."""

    number: str  # GB 11643, 18 characters
    name: str
    sex: str = ""  # GB/T 2261.1
    nation: str = ""  # GB/T 3304
    card_number: str = ""
    valid_to: str = ""  # YYYYMMDD

    def __repr__(self) -> str:
        return "SocialSecurityCard(…)"


class SmartCardFault(StrEnum):
    NO_CARD = "no-card"  # none came before the time was up
    CARD_REMOVED = "card-removed"
    UNREADABLE = "unreadable"  # no answer, a wrong one, or put in the wrong way round
    NOT_SUPPORTED = "not-supported"  # another kind of card
    READER_LOST = "reader-lost"


class SmartCardReader(Device, Protocol):
    async def read_card(
        self, timeout_s: float, on_found: Callable[[], None] | None = None
    ) -> SocialSecurityCard | SmartCardFault:
        """Wait for a card and read its holder. Cancelling it at any moment leaves the reader usable."""
