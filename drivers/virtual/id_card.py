"""Cards for the virtual reader: what is printed in a chip's 256-byte text block (GA/T 490), UTF-16LE."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from drivers.id_reader.port import CardKind

# "WLf", the picture's height 126, an unknown word, and nothing: no decoder can make a picture of it
BLANK_PHOTO = bytes.fromhex("574C66007E003200") + bytes(1016)


@dataclass(frozen=True, repr=False)
class Chip:
    """What a reader gets out of a card. `text` has 256 bytes, `photo` 1,024, `fingerprint` 0, 512 or 1,024,
    `new_address` (the newest one appended) 0 or 70."""

    text: bytes
    photo: bytes = BLANK_PHOTO
    fingerprint: bytes = b""
    worn: bool = False  # found and selected, but never read
    new_address: bytes = b""

    def __post_init__(self) -> None:
        if len(self.text) != 256 or len(self.photo) != 1024 or len(self.fingerprint) not in (0, 512, 1024):
            raise ValueError("a chip holds 256 bytes of text, 1,024 of photo and 0, 512 or 1,024 of fingerprints")
        if len(self.new_address) not in (0, 70):
            raise ValueError("an appended address has 70 bytes")

    def __repr__(self) -> str:
        return "Chip(…)"


@dataclass(frozen=True, repr=False)
class VirtualCard:
    """A person's card by its fields. `valid_to` None is 长期. For the foreigners' kinds `name` is the Chinese name."""

    kind: CardKind
    name: str
    sex: str
    nation: str
    birth: date
    address: str
    number: str
    issuer: str
    valid_from: date
    valid_to: date | None
    photo: bytes = BLANK_PHOTO
    fingerprint: bytes = b""
    worn: bool = False
    english_name: str = ""  # foreigners only
    nationality: str = ""  # 'I' only: three letters of GB/T 2659
    travel_permit: str = ""  # 'J' only
    issue_count: str = "01"  # 'J' only
    new_address: str = ""  # appended since the card was made

    def __repr__(self) -> str:
        return f"VirtualCard(kind={self.kind.value}, …)"

    def chip(self) -> Chip:
        appended = _padded(self.new_address, 70) if self.new_address else b""
        return Chip(self._text(), self.photo, self.fingerprint, self.worn, appended)

    def _text(self) -> bytes:
        block = bytearray(b"\x20\x00" * 128)
        validity = [(188, 16, _day(self.valid_from)), (204, 16, _day(self.valid_to) if self.valid_to else "长期")]
        person = [(0, 30, self.name), (30, 2, self.sex), (36, 16, _day(self.birth)), (122, 36, self.number)]
        match self.kind:
            case CardKind.RESIDENT:
                fields = [*person, (32, 4, self.nation), (52, 70, self.address), (158, 30, self.issuer)]
            case CardKind.HMT_RESIDENCE:
                fields = [*person, (52, 70, self.address), (158, 30, self.issuer)]
                fields += [(220, 18, self.travel_permit), (238, 4, self.issue_count), (248, 2, "J")]
            case CardKind.FOREIGNER_2023:
                fields = [*person, (32, 4, "01"), (52, 70, self.english_name), (248, 2, "Y")]
            case CardKind.FOREIGNER_2017:
                fields = [(0, 120, self.english_name), (120, 2, self.sex), (122, 30, self.number)]
                fields += [(152, 6, self.nationality), (158, 30, self.name), (220, 16, _day(self.birth))]
                fields += [(236, 4, "01"), (240, 8, self.issuer), (248, 2, "I")]
        for offset, room, value in [*fields, *validity]:
            block[offset : offset + room] = _padded(value, room)
        return bytes(block)


def _padded(value: str, room: int) -> bytes:
    """UTF-16LE, spaces behind. Lone surrogates are written as they are: a hostile card has them."""
    raw = value.encode("utf-16-le", "surrogatepass")
    if len(raw) > room:
        raise ValueError(f"{len(raw)} bytes for a field of {room}")
    return raw + b"\x20\x00" * ((room - len(raw)) // 2)


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"
