from __future__ import annotations

import unicodedata

import pytest

from drivers import printable
from drivers.id_reader import field_text
from drivers.smart_card import records

NEWER = "\U00031350"  # a hanzi of Unicode 15
NEXT = "\U000323b0"  # of none yet


@pytest.mark.parametrize("rare", [NEWER, NEXT, "\ue000", "\U00020bb7", "·", "ä"])
def test_a_rare_character_stays_a_part_of_the_name(rare: str) -> None:
    """Dropped, it would make another resident's name of this one."""
    name = f"王{rare}"
    assert printable.shown(name) == name
    assert records.name(name.encode("gb18030")) == name
    encoded = name.encode("utf-16-le")
    assert field_text.name(encoded, (0, len(encoded))) == name


def test_the_case_is_one_on_every_unicode() -> None:
    assert unicodedata.category(NEXT) == "Cn"


@pytest.mark.parametrize(
    "spoils",
    ["\x00", "\x1b", "\n", "\x9b", "\u202e", "\u200b", "\u2028", "\u2029", "\ud800", "\ufdd0", "\uffff", "\U0010fffe"],
)
def test_what_spoils_the_screen_goes(spoils: str) -> None:
    assert printable.shown(f"王{spoils}示范") == "王示范"
    assert printable.identity(f"USB{spoils} Reader") == "USB? Reader"


def test_an_identity_ends() -> None:
    assert len(printable.identity("x" * 1000)) == printable.MOST_IDENTITY
