"""What is wrong with a value, and that it is said what to write, in both languages."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter

from content.schema.forms import FormField
from content.schema.text import Text
from kiosk import form_rules

DAY = date(2026, 11, 22)
_LABEL = {"zh": "一项", "en": "One"}
_ERROR = {"zh": "请写门牌号", "en": "Write the door number"}


def field(kind: str, **more: Any) -> FormField:
    content = {"kind": kind, "name": "one", "label": _LABEL, **more}
    found: FormField = TypeAdapter(FormField).validate_python(content)
    return found


OPTIONS = [{"value": "a", "label": _LABEL}, {"value": "b", "label": _LABEL}]
CHOICE = field("choice", question=_LABEL, options=OPTIONS)
CHOICES = field("choices", options=OPTIONS)
DAYS = field("date", earliest="-30", latest="2026-12-31")
MONEY = field("amount", least_fen=100, most_fen=500000)
NUMBER = field("number", question=_LABEL, hint=_LABEL, pattern=r"\d{3,4}", max_length=4, error=_ERROR)


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        (field("text"), "青口"),
        (field("text", min_length=2, max_length=3), " 青口县 "),
        (field("text", pattern="[A-Z]+"), "ABC"),
        (field("phone"), "138 0000 0000"),
        (field("phone"), "１３８００００００００"),
        (field("id-number"), "519999194912310181"),
        (field("id-number"), " 51999919491231 0181"),
        (DAYS, "2026-10-23"),
        (DAYS, "2026-12-31"),
        (MONEY, "100"),
        (MONEY, "500000"),
        (CHOICE, "a"),
        (CHOICES, "b  a"),
        (NUMBER, "123"),
        (field("statement", statement=_LABEL), "yes"),
        (field("statement", statement=_LABEL, required=False), "no"),
        (field("phone"), ""),
    ],
)
def test_fits(asked: FormField, value: str) -> None:
    assert form_rules.wrong(asked, value, DAY) is None


@pytest.mark.parametrize(
    ("asked", "value", "said"),
    [
        (field("text", min_length=6), "青口", "至少 6 个字"),
        (field("text", min_length=6, error=_ERROR), "青口", "门牌号"),
        (field("text", max_length=3), "青口县示范街", "最多 3 个字"),
        (field("text", pattern="[A-Z]+", error=_ERROR), "abc", "门牌号"),
        (field("text", pattern="[A-Z]+"), "abc", "一项"),
        (field("phone"), "1380000", "还差 4 位"),
        (field("phone"), "23800000000", "一项"),
        (field("phone"), "138000000001", "一项"),
        (field("id-number"), "51999919491231018", "还差 1 位"),
        (field("id-number"), "519999194912310182", "校验码"),
        (field("id-number"), "519999194902310180", "真实日期"),
        (field("id-number"), "519999203001010011", "晚于今天"),
        (field("id-number"), "5199991949123101811", "18 位"),
        (DAYS, "2026-10-22", "2026年10月23日"),
        (DAYS, "2027-01-01", "2026年12月31日"),
        (DAYS, "2026-02-30", "没有这一天"),
        (DAYS, "20261122", "没有这一天"),
        (DAYS, "明天", "没有这一天"),
        (MONEY, "99", "至少 1 元"),
        (MONEY, "500001", "最多 5,000 元"),
        (MONEY, "12.5", "只用数字"),
        (CHOICE, "c", "一项"),
        (CHOICES, "a c", "一项"),
        (NUMBER, "12", "门牌号"),
        (field("statement", statement=_LABEL), "no", "一项"),
    ],
)
def test_says_what_to_write(asked: FormField, value: str, said: str) -> None:
    fault = form_rules.wrong(asked, value, DAY)
    assert isinstance(fault, Text)
    assert said in fault.zh
    assert fault.en
    assert value not in fault.zh, "what was typed may be private"


def test_missing() -> None:
    assert form_rules.missing(field("text", required=False), "") is None
    for asked, said in (
        (field("text"), "请填写"),
        (CHOICE, "请选择"),
        (field("statement", statement=_LABEL), "同意"),
    ):
        fault = form_rules.missing(asked, "")
        assert fault is not None
        assert said in fault.zh


def test_the_first_fault_is_of_a_field_that_is_asked() -> None:
    fields = [
        field("choice", question=_LABEL, options=OPTIONS).model_copy(update={"name": "which"}),
        field("phone", when={"which": ["b"]}),
    ]
    assert form_rules.first_fault(fields, {"which": "a", "one": "1"}, DAY) is None
    found = form_rules.first_fault(fields, {"which": "b", "one": "1"}, DAY)
    assert found is not None
    assert found[0].name == "one"


def test_the_whole_form() -> None:
    fields = [field("phone")]
    assert form_rules.fits(fields, {}, {"one": "13800000000"})
    assert not form_rules.fits(fields, {}, {})
    assert not form_rules.fits(fields, {}, {"one": "13800000000", "two": "x"})
