"""A card may say anything: what is refused, what is cleaned, and that nothing else ever comes out."""

from __future__ import annotations

import unicodedata
from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.id_reader.card_text import parse_card
from drivers.id_reader.frames import CardContent
from drivers.id_reader.port import CardKind, IdCard, ReadFault
from drivers.printable import may_show
from drivers.virtual.id_card import VirtualCard
from tests.drivers.id_reader.test_card_text import ALEX, HE, LI, SPECIMEN

KINDS = {card.kind: card for card in (LI, HE, ALEX, SPECIMEN)}
# offset and bytes of the fields that hold free text, by kind
FREE = {
    CardKind.RESIDENT: [(0, 30), (32, 4), (52, 70), (158, 30), (220, 28)],
    CardKind.HMT_RESIDENCE: [(0, 30), (32, 4), (52, 70), (158, 30), (220, 18), (238, 4)],
    CardKind.FOREIGNER_2017: [(0, 120), (152, 6), (158, 30), (240, 8)],
    CardKind.FOREIGNER_2023: [(0, 30), (32, 4), (52, 70), (158, 30), (220, 22)],
}
NASTY = (
    "\x00",  # NUL
    "\x1b",  # ESC: a terminal would obey
    "\n",
    "\x7f",
    "\x9b",  # CSI of C1
    "\u202e",  # right-to-left override
    "\u2066",  # left-to-right isolate
    "\u200f",
    "\u200b",  # zero-width space
    "\u2028",  # line separator
    "\ufeff",
    "\ufffe",  # noncharacter
    "\ufdd0",
    "\U000e0041",  # tag
    "\U0001fffe",
)


def parse(text: bytes, new_address: bytes = b"") -> IdCard | ReadFault:
    content = CardContent(text, b"", new_address=new_address)
    outcome = parse_card(content, allow_foreigner_2023=True)
    strict = parse_card(content, allow_foreigner_2023=False)
    assert strict is ReadFault.UNSUPPORTED or strict == outcome
    return outcome


def assert_safe(outcome: IdCard | ReadFault) -> None:
    """Nothing of what may not be shown is anywhere in the card."""
    if isinstance(outcome, ReadFault):
        assert outcome in (ReadFault.UNREADABLE, ReadFault.UNSUPPORTED)
        return
    assert outcome.name
    for field in fields(outcome):
        value = getattr(outcome, field.name)
        if isinstance(value, str):
            assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in value), field.name
            assert value == value.strip()
            value.encode("utf-8")
    assert repr(outcome) == f"IdCard(kind={outcome.kind.value}, …)"


def read(card: VirtualCard) -> IdCard | ReadFault:
    outcome = parse(card.chip().text)
    assert_safe(outcome)
    return outcome


@pytest.mark.parametrize("nasty", NASTY, ids=lambda c: f"{ord(c):04X}")
def test_free_texts_are_cleaned(nasty: str) -> None:
    assert not may_show(nasty)
    card = read(replace(LI, name=f"李{nasty}样本", address=f"{nasty}示范路{nasty}1号", issuer=f"公安局{nasty}"))
    assert isinstance(card, IdCard)
    assert (card.name, card.address, card.issuer) == ("李样本", "示范路1号", "公安局")
    card = read(replace(LI, nation=nasty))
    assert isinstance(card, IdCard)
    assert card.nation == ""


@pytest.mark.parametrize("nasty", NASTY, ids=lambda c: f"{ord(c):04X}")
def test_a_name_of_nothing_that_shows_is_no_name(nasty: str) -> None:
    assert read(replace(LI, name=nasty * 3)) is ReadFault.UNREADABLE


@pytest.mark.parametrize(
    "kept",
    [
        "𬀩",  # beyond the first plane
        "\ue863",  # private use: rare characters of older systems
        "\U000323b0",  # of a Unicode that this Python does not know yet
        "葛\U000e0100",  # with its ideographic variation
        "·",
        "Ş",
    ],
)
def test_rare_characters_stay(kept: str) -> None:
    card = read(replace(LI, name=f"李{kept}"))
    assert isinstance(card, IdCard)
    assert card.name == f"李{kept}"


def test_half_a_surrogate_pair_makes_another_name_but_only_a_shorter_address() -> None:
    assert read(replace(LI, name="李\ud800本")) is ReadFault.UNREADABLE
    assert read(replace(ALEX, english_name="SAMPLE\udc00")) is ReadFault.UNREADABLE
    card = read(replace(LI, address="示范路\ud8001号\udfff"))
    assert isinstance(card, IdCard)
    assert card.address == "示范路1号"


@pytest.mark.parametrize(
    ("offset", "raw"),
    [
        (30, "２"),  # full-width
        (30, "\u202e"),
        (36, "19900101"[::-1]),
        (36, "1990 101"),
        (36, "19900230"),
        (36, "00000000"),
        (122, "51999919900101002Ⅹ"),  # the Roman numeral
        (122, "5199991990\u200b101002"),
        (122, "５19999199001010025"),
        (188, "２０１８０５２０"),
        (204, "短期"),
        (204, "长期\u202e"),
    ],
)
def test_what_the_standards_prescribe_is_refused_when_other(offset: int, raw: str) -> None:
    text = bytearray(LI.chip().text)
    data = raw.encode("utf-16-le")
    text[offset : offset + len(data)] = data
    assert parse(bytes(text)) is ReadFault.UNREADABLE


def test_letters_that_only_become_latin_are_refused() -> None:
    assert read(replace(ALEX, number="FRı519990010101")) is ReadFault.UNREADABLE
    assert read(replace(ALEX, number="ſRA519990010101")) is ReadFault.UNREADABLE


@pytest.mark.parametrize("card", KINDS.values(), ids=lambda card: card.kind.value)
def test_a_birthday_that_contradicts(card: VirtualCard) -> None:
    other = replace(card, birth=date(1991, 2, 3))
    expected = IdCard if card.kind is CardKind.FOREIGNER_2017 else ReadFault  # its number has no birthday in it
    assert isinstance(read(other), expected)


unit = st.one_of(  # a UTF-16 code unit, the awkward ones often
    st.integers(0, 0xFFFF),
    st.sampled_from(
        [0, 0x0A, 0x1B, 0x20, 0x200B, 0x202E, 0x2028, 0x3000, 0xD800, 0xDC00, 0xDB40, 0xDC41, 0xFFFE, 0xFEFF]
    ),
    st.sampled_from([ord(c) for c in "李样本0129X长期IJY"]),
)
units = st.lists(unit, max_size=128).map(lambda codes: b"".join(code.to_bytes(2, "little") for code in codes))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(list(KINDS)), units, st.data())
def test_any_text_in_the_free_fields_comes_out_clean(kind: CardKind, raw: bytes, data: st.DataObject) -> None:
    text = bytearray(KINDS[kind].chip().text)
    for offset, room in data.draw(st.lists(st.sampled_from(FREE[kind]), min_size=1, max_size=4)):
        part = raw[:room]
        text[offset : offset + len(part)] = part
    outcome = parse(bytes(text), raw[:70])
    assert_safe(outcome)
    if isinstance(outcome, IdCard):
        assert outcome.kind is kind


@settings(deadline=None, max_examples=300)
@given(st.binary(min_size=256, max_size=256))
@example(b"\xff" * 256)
@example(b"\x00\xd8" * 128)
def test_any_256_bytes_are_a_clean_card_or_a_fault(text: bytes) -> None:
    assert_safe(parse(text))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(list(KINDS)), st.integers(0, 127), unit)
def test_any_one_character_changed(kind: CardKind, at: int, code: int) -> None:
    text = bytearray(KINDS[kind].chip().text)
    text[2 * at : 2 * at + 2] = code.to_bytes(2, "little")
    assert_safe(parse(bytes(text)))


@given(st.binary(max_size=300))
def test_a_block_of_another_size_is_no_card(text: bytes) -> None:
    if len(text) != 256:
        assert parse(text) is ReadFault.UNREADABLE
