"""An invented province, for trying things out at full size: 21 cities, 183 counties, 4,670 townships, 52,831 villages,
each with one site. Its code 99 belongs to no province, its names to no place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

PROVINCE = "99" + "0" * 10
COUNTS = (21, 183, 4_670, 52_831)  # cities, counties, townships, villages: 57,705 sites

_FIRST = "青白红黄紫碧金银玉石竹松柳桃梅兰云霞星月"
_FIRST_EN = [
    "qing",
    "bai",
    "hong",
    "huang",
    "zi",
    "bi",
    "jin",
    "yin",
    "yu",
    "shi",
    "zhu",
    "song",
    "liu",
    "tao",
    "mei",
    "lan",
    "yun",
    "xia",
    "xing",
    "yue",
]
_SECOND = "山河湖泉溪湾岭坪坝桥塘岩沟洲渡坡峰谷原口"
_SECOND_EN = [
    "shan",
    "he",
    "hu",
    "quan",
    "xi",
    "wan",
    "ling",
    "ping",
    "ba",
    "qiao",
    "tang",
    "yan",
    "gou",
    "zhou",
    "du",
    "po",
    "feng",
    "gu",
    "yuan",
    "kou",
]
_SUFFIX = {2: ("市", ""), 3: ("县", " County"), 4: ("镇", " Town"), 5: ("村", " Village")}
_CENTRE = (103.5, 30.6)  # degrees; anywhere would do
_RADIUS = (0.0, 0.0, 3.2, 0.55, 0.14, 0.04)  # degrees around the parent's seat, by level


@dataclass(frozen=True)
class InventedRegion:
    code: str
    parent: str | None
    level: int
    name_zh: str
    name_en: str
    longitude: float
    latitude: float


def province(share: float = 1.0) -> Iterator[InventedRegion]:
    """Every region, parents first. `share` < 1: the same shape with fewer divisions on every level, but two cities."""
    counts = [max(2, round(count * share)) for count in COUNTS]
    top = InventedRegion(PROVINCE, "0" * 12, 1, "示范省", "Demonstration Province", *_CENTRE)
    yield top
    above = [top]
    for level, count in enumerate(counts, start=2):
        made = list(_divide(above, level, max(count, len(above))))
        yield from made
        above = made


def _divide(parents: list[InventedRegion], level: int, count: int) -> Iterator[InventedRegion]:
    digits_before, digits = {2: (2, 4), 3: (4, 6), 4: (6, 9), 5: (9, 12)}[level]
    for number, parent in enumerate(parents):
        children = count * (number + 1) // len(parents) - count * number // len(parents)
        for child in range(children):
            code = (parent.code[:digits_before] + str(child + 1).zfill(digits - digits_before)).ljust(12, "0")
            yield _region(parent, code, level, child, children)


def _region(parent: InventedRegion, code: str, level: int, child: int, children: int) -> InventedRegion:
    seed = int(code) * 2_654_435_761 % 2**32
    first, second = seed % 20, seed // 20 % 20
    zh, en = _SUFFIX[level]
    # A sunflower's seeds: even, never two in one place.
    distance = _RADIUS[level] * math.sqrt((child + 0.5) / children)
    angle = child * 2.399963
    return InventedRegion(
        code,
        parent.code,
        level,
        _FIRST[first] + _SECOND[second] + zh,
        f"{_FIRST_EN[first]}{_SECOND_EN[second]}".capitalize() + en,
        round(parent.longitude + distance * math.cos(angle), 5),
        round(parent.latitude + distance * math.sin(angle), 5),
    )
