"""Departments by any of their names, on the day of the paper."""

from __future__ import annotations

from datetime import date

import pytest

from content.build import CATALOGUE
from content.names import department_named, region_on, region_today
from content.sources import read_sources

SOURCES = read_sources(CATALOGUE)
NOW = date(2026, 6, 1)

# As lists of packages write them, inconsistently.
LISTED = {
    "市市场监管局": "market-regulation",
    "市市场监管局(市知识产权局)": "market-regulation",
    "市公安局": "public-security",
    "天宁区公安分局": "public-security",
    "人民银行常州市中心支行": None,
    "常州市税务局": "tax",
    "国家税务总局青口县税务局": "tax",
    "市人力资源和社会保障局": "human-resources",
    "市住房公积金管理中心": "housing-fund",
    "市公积金管理中心": "housing-fund",
    "市城管局": "urban-management",
    "市消防救援支队": "fire-rescue",
    "市政务办(市行政审批局)": "government-services",
    "市医保局": "medical-insurance",
    "市自然资源和规划局": "natural-resources",
    "市卫生健康委": "health",
    "市民政局": "civil-affairs",
    "市残联": "disabled-federation",
    "市退役军人事务局": "veterans",
    "市住房城乡建设局": "housing",
    "市住建局": "housing",
    "市司法局": "justice",
    "市发改委": "development-reform",
    "市交通运输局": "transport",
    "市水利局": "water-resources",
    "市教育局": "education",
    "市文化广电和旅游局": "culture-tourism",
    "金坛区文广旅局": "culture-tourism",
    "市农业农村局": "agriculture",
    "市委宣传部(市版权局)": "publicity",
    "市委宣传部(市新闻出版局)": "publicity",
    "市科教城管委会": "science-education-city",
    "市烟草专卖局": "tobacco",
    "常州海事局": None,  # a place without its kind is not guessed
    "金坛区科技局": "science",
    "市体育局": "sports",
    "青口县公安局": "public-security",
    "青口县公安局（示范）": "public-security",
    "青 口 县 公 安 局": "public-security",
    "": None,
    "市": None,
    "某某局": None,
}


@pytest.mark.parametrize("name", LISTED)
def test_as_they_are_written_in_lists(name: str) -> None:
    found = department_named(SOURCES.departments, name, NOW)
    assert (found.id if found else None) == LISTED[name]


@pytest.mark.parametrize(
    ("name", "on", "department"),
    [
        ("工商行政管理局", date(2015, 1, 1), "market-regulation"),
        ("工商行政管理局", date(2019, 1, 1), None),
        ("青口县卫生和计划生育委员会", date(2016, 1, 1), "health"),
        ("卫生和计划生育委员会", date(2012, 1, 1), None),
        ("市国土资源局", date(2018, 6, 1), "natural-resources"),
        ("劳动和社会保障局", date(2005, 1, 1), "human-resources"),
        ("人事局", date(2005, 1, 1), "human-resources"),
        ("食品药品监督管理局", date(2018, 12, 31), "market-regulation"),
        ("地方税务局", date(2018, 1, 1), "tax"),
        ("旅游局", date(2010, 1, 1), "culture-tourism"),
    ],
)
def test_old_names_on_their_days(name: str, on: date, department: str | None) -> None:
    found = department_named(SOURCES.departments, name, on)
    assert (found.id if found else None) == department


def test_divisions() -> None:
    before, after = date(2019, 6, 1), date(2021, 6, 1)
    assert region_on(SOURCES.regions, "510132", before) is not None
    assert region_on(SOURCES.regions, "510132", after) is None
    assert region_on(SOURCES.regions, "510118", before) is None
    today = region_today(SOURCES.regions, "510132000000")
    assert today is not None
    assert today.name.zh == "新津区"
    assert region_today(SOURCES.regions, "000001") is None
