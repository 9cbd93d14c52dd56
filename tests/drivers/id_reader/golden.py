"""Bytes of the protocol, worked out by hand from its tables: the same for codec and simulator."""

from __future__ import annotations

from datetime import date

from drivers.id_reader.port import CardKind
from drivers.virtual.id_card import VirtualCard

REQUESTS = {
    "RESET_SAM": "AAAAAA9669 0003 10FF EC",
    "SAM_STATUS": "AAAAAA9669 0003 11FF ED",
    "READ_SAM_ID": "AAAAAA9669 0003 12FF EE",
    "FIND_CARD": "AAAAAA9669 0003 2001 22",
    "SELECT_CARD": "AAAAAA9669 0003 2002 21",
    "READ_CARD": "AAAAAA9669 0003 3001 32",
}
READ_WITH_FINGERPRINT = bytes.fromhex("AAAAAA9669 0003 3010 23")
READ_NEW_ADDRESS = bytes.fromhex("AAAAAA9669 0003 3003 30")
SET_115200 = bytes.fromhex("AAAAAA9669 0003 6000 63")
SET_RF_FRAME = bytes.fromhex("AAAAAA9669 0004 61FF50 CA")

OK = bytes.fromhex("AAAAAA9669 0004 000090 94")
FOUND = bytes.fromhex("AAAAAA9669 0008 00009F 00000000 97")
NO_CARD = bytes.fromhex("AAAAAA9669 0004 000080 84")
SELECTED = bytes.fromhex("AAAAAA9669 000C 000090 0000000000000000 9C")
SELECT_FAILED = bytes.fromhex("AAAAAA9669 0004 000081 85")
READ_FAILED = bytes.fromhex("AAAAAA9669 0004 000041 45")
REFUSED = bytes.fromhex("AAAAAA9669 0004 000032 36")
NO_ADDRESS = bytes.fromhex("AAAAAA9669 0004 000091 95")
BAD_REQUEST = bytes.fromhex("AAAAAA9669 0004 000010 14")
SAM_NUMBER_REPLY = bytes.fromhex("AAAAAA9669 0014 000090 05000100AFDC320187D6120059000000 DA")
SAM_NUMBER = "05.01-20110511-0001234567-0000000089"

# The text block of the published sample person of GB 11643, 张测试.
TEXT = bytes.fromhex(
    "205F4B6DD58B2000200020002000200020002000200020002000200020003100"
    "30003100310039003400390031003200330031001753AC4E025E1D6733963A53"
    "4B6DD58BEF8D3100F75320002000200020002000200020002000200020002000"
    "2000200020002000200020002000200020002000200020002000310031003000"
    "3100300035003100390034003900310032003300310030003000320058001753"
    "AC4E025E6C51895B405C1D6733960652405C2000200020002000200032003000"
    "3200300030003100300031007F951F6720002000200020002000200020002000"
    "2000200020002000200020002000200020002000200020002000200020002000"
)
PHOTO = bytes.fromhex("574C66007E003200") + bytes(1016)
READ_REPLY = bytes.fromhex("AAAAAA9669 0508 000090 0100 0400") + TEXT + PHOTO + b"\x1f"
READ_FINGERPRINT_REPLY = bytes.fromhex("AAAAAA9669 090A 000090 0100 0400 0400") + TEXT + PHOTO + bytes(1024) + b"\x15"


def golden_card(fingerprint: bytes = b"") -> VirtualCard:
    """The person of `TEXT`; the number is read from there, so that it is written down once only."""
    return VirtualCard(
        kind=CardKind.RESIDENT,
        name="张测试",
        sex="1",
        nation="01",
        birth=date(1949, 12, 31),
        address="北京市朝阳区测试路1号",
        number=TEXT[122:158].decode("utf-16-le"),
        issuer="北京市公安局朝阳分局",
        valid_from=date(2020, 1, 1),
        valid_to=None,
        fingerprint=fingerprint,
    )
