"""The cards that lie beside the reader. County 519999 does not exist, so every number belongs to nobody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from drivers.id_reader.port import CardKind
from drivers.virtual.cabinet import faces
from drivers.virtual.id_card import BLANK_PHOTO, VirtualCard
from drivers.virtual.photo_codec import encode_chip_photo

ISSUER = "青口县公安局（示范）"
DEFAULT = "li"


@dataclass(frozen=True)
class DemoCard:
    """One card on the table. `person` names the face in `faces.SHAPES` of whoever lays it down, `portrait` that of
    the photo in the chip, when it is another."""

    id: str
    label_zh: str
    label_en: str
    person: str
    card: VirtualCard
    portrait: str = ""


def _resident(
    name: str,
    sex: str,
    number: str,
    address: str,
    valid_from: date = date(2020, 1, 1),
    valid_to: date | None = date(2040, 1, 1),
) -> VirtualCard:
    return VirtualCard(
        kind=CardKind.RESIDENT,
        name=name,
        sex=sex,
        nation="01",
        birth=date(int(number[6:10]), int(number[10:12]), int(number[12:14])),
        address=f"四川省青口县示范街道{address}",
        number=number,
        issuer=ISSUER,
        valid_from=valid_from,
        valid_to=valid_to,
    )


_LI = _resident("李样本", "2", "519999199001010025", "样本路8号2栋301室")
_ZHANG = _resident("张示范", "1", "519999199001010017", "示范路1号1栋101室")
_CHEN = _resident("陈示例", "2", "519999194912310181", "示例巷3号", date(2010, 6, 1), None)
_WANG = _resident("王测试", "1", "51999919900101005X", "测试路5号4栋502室")
_HONG_KONG = replace(
    _resident("何示范", "1", "810000199001010019", "示范路6号", date(2024, 1, 1), date(2029, 1, 1)),
    kind=CardKind.HMT_RESIDENCE,
    nation="",
    travel_permit="H99999901",
)
# The number after the prefix and the birthday is 000, which nobody is given.
_MACAO = replace(_HONG_KONG, name="欧示例", sex="2", number="820000199001010002", travel_permit="M99999901")
_TAIWAN = replace(_MACAO, name="林示范", number="830000199001010004", travel_permit="99999901", issue_count="02")
_FOREIGNER = VirtualCard(
    kind=CardKind.FOREIGNER_2017,
    name="样本",
    sex="1",
    nation="",
    birth=date(1990, 1, 1),
    address="",
    number="FRA519990010101",
    issuer="5199",
    valid_from=date(2021, 1, 1),
    valid_to=date(2031, 1, 1),
    english_name="SAMPLE, ALEX",
    nationality="FRA",
)
_FOREIGNER_2023 = replace(
    _FOREIGNER,
    kind=CardKind.FOREIGNER_2023,
    birth=date(1985, 1, 1),
    number="932682198501010017",  # the specimen published with the card of 2023
    issuer="",
    valid_from=date(2024, 1, 1),
    valid_to=date(2034, 1, 1),
)
_STRANGER = _resident("赵样例", "1", "519999198505050034", "示范路9号")
_MOVED = replace(_ZHANG, new_address="四川省青口县示范街道样本路20号3栋202室")
# What cleaning takes away: NUL, ESC, a line feed, bidirectional overrides and marks.
_HOSTILE = replace(
    _WANG, name="王\x00\u202e\x1b测试", address="四川省\n青口县\u2066示范街道测试路5号", issuer="\u200f" + ISSUER
)
# What is refused: the check character is wrong, and the birthday is another than the number's.
_FORGED = replace(_ZHANG, number="519999199001010018", birth=date(1980, 2, 2))

CARDS: tuple[DemoCard, ...] = (
    DemoCard("li", "李样本", "Li (sample)", "li", _LI),
    DemoCard("zhang", "张示范", "Zhang (demo)", "zhang", _ZHANG),
    DemoCard("chen", "陈示例（老人）", "Chen (elderly)", "chen", _CHEN),
    DemoCard("wang", "王测试（无记录）", "Wang (no record)", "wang", _WANG),
    DemoCard("hmt", "港澳台居住证", "HMT permit", "wang", _HONG_KONG),
    DemoCard("macao", "澳门居民居住证", "Macao permit", "li", _MACAO),
    DemoCard("taiwan", "台湾居民居住证", "Taiwan permit", "li", _TAIWAN),
    DemoCard("foreigner", "外国人永居证", "Foreigner permit", "zhang", _FOREIGNER),
    DemoCard("foreigner-2023", "外国人永居证（2023版）", "Foreigner permit 2023", "zhang", _FOREIGNER_2023),
    DemoCard("moved", "迁址的证（有追加住址）", "New address", "zhang", _MOVED),
    DemoCard("stranger", "别人的证", "Somebody else's", "li", _STRANGER, faces.STRANGER),
    DemoCard("worn", "磨损的证", "Worn card", "zhang", replace(_ZHANG, worn=True)),
    DemoCard(
        "expired",
        "过期的证",
        "Expired card",
        "wang",
        replace(_WANG, valid_from=date(2005, 1, 1), valid_to=date(2025, 1, 1)),
    ),
    DemoCard("hostile", "藏有控制字符的证", "Control characters", "wang", _HOSTILE),
    DemoCard("forged", "号码不对的证", "Forged number", "zhang", _FORGED),
)

BY_ID = {card.id: card for card in CARDS}


@cache
def _chip_photo(person: str) -> bytes:
    try:
        return encode_chip_photo(faces.chip_portrait(person))
    except (ImportError, OSError):  # no photograph on this machine: a card whose picture cannot be opened
        return BLANK_PHOTO


def with_photo(card: DemoCard) -> VirtualCard:
    """The card with its holder's portrait in the chip. Blocking, about 50 ms the first time for each person."""
    return replace(card.card, photo=_chip_photo(card.portrait or card.person))
