"""What is read out of the 256 bytes, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from drivers.gb11643 import is_citizen_number
from drivers.id_reader.card_text import parse_card
from drivers.id_reader.frames import CardContent
from drivers.id_reader.nations import NATIONS, nation_name
from drivers.id_reader.port import CardKind, IdCard, ReadFault
from drivers.virtual.id_card import VirtualCard
from tests.drivers.id_reader import golden

LI = VirtualCard(
    kind=CardKind.RESIDENT,
    name="李样本",
    sex="2",
    nation="11",
    birth=date(1990, 1, 1),
    address="示范路1号2栋301室",
    number="519999199001010025",
    issuer="示范市公安局",
    valid_from=date(2018, 5, 20),
    valid_to=date(2038, 5, 20),
)
HE = replace(LI, kind=CardKind.HMT_RESIDENCE, name="何示范", number="810000199001010019", travel_permit="H99999901")
ALEX = replace(
    LI,
    kind=CardKind.FOREIGNER_2017,
    name="样本",
    number="FRA519990010101",
    english_name="SAMPLE, ALEX",
    issuer="5199",
    nationality="FRA",
)
# a published specimen number of the 2023 layout
SPECIMEN = replace(
    LI,
    kind=CardKind.FOREIGNER_2023,
    name="",
    english_name="SPECIMEN, SAM",
    number="932682198501010017",
    birth=date(1985, 1, 1),
)


def read(card: VirtualCard, *, allow_foreigner_2023: bool = False) -> IdCard | ReadFault:
    chip = card.chip()
    return parse_card(CardContent(chip.text, chip.photo), allow_foreigner_2023=allow_foreigner_2023)


def good(card: VirtualCard, *, allow_foreigner_2023: bool = False) -> IdCard:
    outcome = read(card, allow_foreigner_2023=allow_foreigner_2023)
    assert isinstance(outcome, IdCard)
    return outcome


def test_the_golden_block_is_understood() -> None:
    card = parse_card(CardContent(golden.TEXT, golden.PHOTO), allow_foreigner_2023=False)
    expected = golden.golden_card()
    assert isinstance(card, IdCard)
    assert (card.kind, card.name, card.sex, card.nation) == (CardKind.RESIDENT, "张测试", "1", "01")
    assert (card.birth, card.valid_from, card.valid_to) == (date(1949, 12, 31), date(2020, 1, 1), None)
    assert (card.address, card.issuer) == ("北京市朝阳区测试路1号", "北京市公安局朝阳分局")
    assert card.number == expected.number
    assert card.photo == golden.PHOTO


def test_a_residents_card() -> None:
    card = good(LI)
    assert (card.name, card.sex, card.nation, card.number) == ("李样本", "2", "11", "519999199001010025")
    assert card.valid_to == date(2038, 5, 20)


def test_the_permit_of_hong_kong_macao_and_taiwan_residents_has_no_nation() -> None:
    card = good(HE)
    assert (card.kind, card.nation, card.number) == (CardKind.HMT_RESIDENCE, "", "810000199001010019")
    assert card.address == LI.address
    assert (card.travel_permit, card.issue_count) == ("H99999901", "01")


@pytest.mark.parametrize("number", ["810000199001010019", "820000199001010002", "830000199001010004"])
def test_hong_kong_macao_and_taiwan_have_numbers_of_their_own(number: str) -> None:
    assert good(replace(HE, number=number)).number == number
    assert read(replace(HE, number=LI.number)) is ReadFault.UNREADABLE, "a resident's number on a permit"


def test_the_foreigners_permit_of_2017() -> None:
    card = good(ALEX)
    assert (card.kind, card.name, card.number) == (CardKind.FOREIGNER_2017, "样本", "FRA519990010101")
    assert (card.sex, card.birth, card.issuer, card.address) == ("2", date(1990, 1, 1), "5199", "")
    assert (card.english_name, card.nationality) == ("SAMPLE, ALEX", "FRA")
    assert good(replace(ALEX, name="")).name == "SAMPLE, ALEX"


def test_the_foreigners_permit_of_2023_only_where_it_is_switched_on() -> None:
    assert read(SPECIMEN) is ReadFault.UNSUPPORTED
    card = good(SPECIMEN, allow_foreigner_2023=True)
    assert (card.kind, card.name, card.nation) == (CardKind.FOREIGNER_2023, "SPECIMEN, SAM", "")
    assert (card.english_name, card.nationality) == ("SPECIMEN, SAM", "")
    not_nine = replace(SPECIMEN, number=LI.number, birth=LI.birth)
    assert read(not_nine, allow_foreigner_2023=True) is ReadFault.UNREADABLE


def test_a_lower_case_x_becomes_upper_case() -> None:
    wang = replace(LI, sex="1", number="51999919900101005x")
    assert good(wang).number == "51999919900101005X"


@pytest.mark.parametrize(
    "wrong",
    [
        replace(LI, name=""),
        replace(LI, sex="3"),
        replace(LI, sex=""),
        replace(LI, number="519999199001010024"),  # check character
        replace(LI, number="51999919900101002"),  # 17
        replace(LI, number=""),
        replace(LI, birth=date(1990, 1, 2)),  # another than in the number
        replace(LI, valid_to=date(2018, 5, 19)),  # ends before it begins
        replace(LI, valid_from=date(1989, 12, 31)),  # begins before its holder was born
        replace(ALEX, number="FRA51999001010"),
        replace(ALEX, name="", english_name=""),
    ],
)
def test_nonsense_is_unreadable(wrong: VirtualCard) -> None:
    assert read(wrong) is ReadFault.UNREADABLE


def patched(offset: int, raw: bytes) -> IdCard | ReadFault:
    text = bytearray(LI.chip().text)
    text[offset : offset + len(raw)] = raw
    return parse_card(CardContent(bytes(text), b""), allow_foreigner_2023=True)


def test_damaged_text_is_unreadable() -> None:
    assert isinstance(patched(0, b""), IdCard)
    assert patched(0, b"\x00\xd8") is ReadFault.UNREADABLE  # half a surrogate pair
    assert patched(188, "2018131 ".encode("utf-16-le")) is ReadFault.UNREADABLE
    assert patched(188, "20180230".encode("utf-16-le")) is ReadFault.UNREADABLE
    assert patched(188, "２０１８０１０１".encode("utf-16-le")) is ReadFault.UNREADABLE
    assert patched(204, "短期".encode("utf-16-le")) is ReadFault.UNREADABLE
    assert parse_card(CardContent(b"\x20\x00" * 127, b""), allow_foreigner_2023=True) is ReadFault.UNREADABLE


def test_padding_may_be_nul_and_an_unknown_letter_means_a_resident() -> None:
    card = patched(30 - 4, bytes(4))
    assert isinstance(card, IdCard)
    assert card.name == "李样本"
    card = patched(248, "Z".encode("utf-16-le"))
    assert isinstance(card, IdCard)
    assert card.kind is CardKind.RESIDENT


def test_rare_characters_beyond_the_first_plane_survive() -> None:
    assert good(replace(LI, name="李𬀩䶮")).name == "李𬀩䶮"


def test_an_unknown_nation_never_fails_the_reading() -> None:
    assert good(replace(LI, nation="58")).nation == "58"
    assert nation_name("58") == "58"


def test_nations_by_their_codes() -> None:
    assert len(NATIONS) == 58
    assert [nation_name(code) for code in ("01", "08", "15", "29", "46", "56", "97", "98")] == [
        *("汉", "壮", "土家", "柯尔克孜", "德昂", "基诺", "其他", "外国血统中国籍人士")
    ]


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("519999199001010017", True),
        ("519999200002290036", True),
        ("51999919900101005X", True),
        ("51999919900101005x", False),
        ("519999199001010018", False),
        ("519999199002300019", False),
        ("51999919900101001", False),
        ("５19999199001010017", False),
    ],
)
def test_the_check_of_citizen_numbers(number: str, valid: bool) -> None:
    assert is_citizen_number(number) is valid
