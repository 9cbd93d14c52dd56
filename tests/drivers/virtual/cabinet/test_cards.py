from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from drivers.id_reader.port import CardKind
from drivers.virtual.cabinet import cards, faces
from drivers.virtual.cabinet.cards import CARDS
from drivers.virtual.photo_codec import VirtualPhotoDecoder

SPECIMEN_2023 = "932682198501010017"  # published with the foreigners' card of 2023


def check_character(number: str) -> str:
    """ISO 7064 MOD 11-2, as GB 11643 prints it."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False)) % 11]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_number_is_right_and_nobodys(card: cards.DemoCard) -> None:
    number = card.card.number
    if card.card.kind is CardKind.FOREIGNER_2017:
        assert len(number) == 15
        return
    if card.id == "forged":
        assert check_character(number) != number[17]
        return
    assert check_character(number) == number[17]
    assert number.startswith(("519999", "810000", "820000", "830000")) or number == SPECIMEN_2023
    assert number[6:14] == f"{card.card.birth:%Y%m%d}"
    assert int(number[16]) % 2 == int(card.card.sex == "1")


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_chip_holds_text_and_the_holders_face(card: cards.DemoCard) -> None:
    chip = cards.with_photo(card).chip()
    assert card.card.name in chip.text.decode("utf-16-le")
    assert card.person in faces.SHAPES
    assert VirtualPhotoDecoder().decode(chip.photo) is not None
    assert chip.worn == (card.id == "worn")


def test_only_the_expired_card_is_expired() -> None:
    today = date(2026, 11, 22)
    expired = {card.id for card in CARDS if card.card.valid_to is not None and card.card.valid_to < today}
    assert expired == {"expired"}
    assert cards.BY_ID["chen"].card.valid_to is None


def test_nothing_personal_in_a_repr() -> None:
    assert "519999" not in repr(CARDS)
    assert "李" not in repr([card.card for card in CARDS])


def test_portraits_are_whole_pictures() -> None:
    for person in faces.SHAPES:
        assert faces.portrait(person).shape == (faces.SIDE, faces.SIDE, 3)
        assert faces.chip_portrait(person).dtype == np.uint8
        assert faces.chip_portrait(person).shape == (126, 102, 3)
