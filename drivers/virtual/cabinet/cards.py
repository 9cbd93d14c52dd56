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
    """One card on the table. `person` names the face in `faces.SHAPES`."""

    id: str
    label_zh: str
    label_en: str
    person: str
    card: VirtualCard


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

CARDS: tuple[DemoCard, ...] = (
    DemoCard("li", "李样本", "Li (sample)", "li", _LI),
    DemoCard("zhang", "张示范", "Zhang (demo)", "zhang", _ZHANG),
    DemoCard("chen", "陈示例（老人）", "Chen (elderly)", "chen", _CHEN),
    DemoCard("wang", "王测试（无记录）", "Wang (no record)", "wang", _WANG),
    DemoCard("hmt", "港澳台居住证", "HMT permit", "wang", _HONG_KONG),
    DemoCard("foreigner", "外国人永居证", "Foreigner permit", "zhang", _FOREIGNER),
    DemoCard("worn", "磨损的证", "Worn card", "zhang", replace(_ZHANG, worn=True)),
    DemoCard(
        "expired",
        "过期的证",
        "Expired card",
        "wang",
        replace(_WANG, valid_from=date(2005, 1, 1), valid_to=date(2025, 1, 1)),
    ),
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
    return replace(card.card, photo=_chip_photo(card.person))
