"""What the kiosk asks of any ID card reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from drivers.device import Device


class CardKind(StrEnum):
    """By the letter at offset 248 of the card's text block."""

    RESIDENT = "resident"
    HMT_RESIDENCE = "hmt-residence"  # 'J' Hong Kong, Macao, Taiwan residents' residence permit
    FOREIGNER_2017 = "foreigner-2017"  # 'I' permanent residence, 15-character number
    FOREIGNER_2023 = "foreigner-2023"  # 'Y' permanent residence, 18-digit number; layout unverified


@dataclass(frozen=True, repr=False)
class IdCard:
    """What the chip says. Its `repr` shows nothing of the person, so that it may slip into a log.

    No text in it has control characters, bidirectional overrides, lone surrogates or NULs, whatever the card says.
    """

    kind: CardKind
    name: str
    sex: str  # GB/T 2261.1: '1' male, '2' female, '0' unknown, '9' not stated
    nation: str  # GB/T 3304 two digits, '' where the card has none
    birth: date
    address: str
    number: str  # GB 11643, 18 characters, upper case; of FOREIGNER_2017 three letters and twelve digits
    issuer: str
    valid_from: date
    valid_to: date | None  # None: 长期
    photo: bytes = b""  # 1,024 bytes in the chip's own format; kiosk.identity.photo_decoders makes a picture of it
    fingerprint: bytes = field(default=b"")
    new_address: str = ""  # the newest one appended since the card was made: it counts, `address` is what was printed
    english_name: str = ""  # of the foreigners' kinds
    nationality: str = ""  # FOREIGNER_2017: GB/T 2659, three letters
    travel_permit: str = ""  # HMT_RESIDENCE: number of the travel permit, 9 characters
    issue_count: str = ""  # HMT_RESIDENCE: how often this permit was issued, two digits

    def __repr__(self) -> str:
        return f"IdCard(kind={self.kind.value}, …)"


class ReadFault(StrEnum):
    """Why a card was not read; every one is expected and has a sentence for the resident."""

    NO_CARD = "no-card"  # none came before the time was up
    CARD_REMOVED = "card-removed"  # found, then taken away before the read was complete
    UNREADABLE = "unreadable"  # the chip or the SAM refused, or the text makes no sense
    EXPIRED = "expired"
    UNSUPPORTED = "unsupported"  # a card kind this terminal may not take yet
    READER_LOST = "reader-lost"  # the reader does not answer


class IdReader(Device, Protocol):
    async def read_card(self, timeout_s: float, on_found: Callable[[], None] | None = None) -> IdCard | ReadFault:
        """Wait for a card, then find, select and read it. `on_found` is called when one is there and the
        reading of it, about a second, begins.

        Cancelling it at any moment leaves the reader usable.
        """
