"""A card's text: any bytes are a clean card or a fault."""

from __future__ import annotations

from drivers.id_reader.card_text import parse_card
from drivers.id_reader.frames import CardContent
from drivers.id_reader.port import IdCard, ReadFault
from drivers.printable import may_show
from tests.drivers.id_reader import golden
from tests.drivers.id_reader.test_card_text import ALEX, HE, LI, SPECIMEN

SEEDS: tuple[bytes, ...] = (
    golden.TEXT,
    golden.TEXT + golden.NEW_ADDRESS,
    *(card.chip().text for card in (LI, HE, ALEX, SPECIMEN)),
)


def one_input(data: bytes) -> None:
    """256 bytes of text, and behind them a new address. No exception at all."""
    content = CardContent(data[:256], b"", new_address=data[256:326])
    for allow in (False, True):
        card = parse_card(content, allow_foreigner_2023=allow)
        if isinstance(card, IdCard):
            texts = [value for value in vars(card).values() if isinstance(value, str)]
            assert all(may_show(character) for text in texts for character in text)
            assert card.name
            assert "…" in repr(card)
        else:
            assert card in (ReadFault.UNREADABLE, ReadFault.UNSUPPORTED)
