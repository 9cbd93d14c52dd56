from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.gb11643 import is_citizen_number
from drivers.smart_card import records
from drivers.smart_card.apdu import ApduError, Response
from drivers.smart_card.card_layout import Item


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("0A0131 0B0101", {0x0A: b"1", 0x0B: b"\x01"}),
        ("0A0131 0000", {0x0A: b"1"}),
        ("0A0131 FFFF", {0x0A: b"1"}),
        ("0A0131 0A0132", {0x0A: b"1"}),
        ("0A0431", {}),
        ("0A", {}),
        ("", {}),
    ],
)
def test_records(data: str, found: dict[int, bytes]) -> None:
    assert records.parse_records(bytes.fromhex(data)) == found


def test_a_value_without_its_identifier() -> None:
    assert records.value_of(Item(0x0A, 1), b"2") == b"2"
    assert records.value_of(Item(0x0A, 1), b"\x0b\x012") is None


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("李样本".encode("gbk"), "李样本"),
        ("李样本".encode("gbk").ljust(30, b" "), "李样本"),
        ("李样本".encode("gbk").ljust(30, b"\xff"), "李样本"),
        ("阿依古丽·买买提".encode("gb18030"), "阿依古丽·买买提"),
        ("李\x1b[31m样\r\n本\x07".encode("gbk"), "李[31m样本"),
        ("李\u202e样本".encode("gb18030"), "李样本"),
        (b"\x00" * 30, ""),
        (b"\x81", ""),
        (b"", ""),
    ],
)
def test_names(value: bytes, name: str) -> None:
    assert records.name(value) == name


@pytest.mark.parametrize(
    ("value", "sex"), [(b"1", "1"), (b"\x02", "2"), (b"9", "9"), (b"3", ""), (b"", ""), (b"11", "")]
)
def test_sex(value: bytes, sex: str) -> None:
    assert records.sex(value) == sex


@pytest.mark.parametrize(
    ("value", "nation"),
    [(b"\x01", "01"), (b"\x56", "56"), (b"56", "56"), (b"\x57", ""), (b"\x1f", ""), (b"", ""), (b"xx", "")],
)
def test_nation(value: bytes, nation: str) -> None:
    assert records.nation(value) == nation


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (bytes.fromhex("20351231"), "20351231"),
        (b"20351231", "20351231"),
        (bytes.fromhex("20350231"), ""),
        (bytes.fromhex("FFFFFFFF"), ""),
        (bytes(4), ""),
        (b"", ""),
    ],
)
def test_day(value: bytes, day: str) -> None:
    assert records.day(value) == day


@pytest.mark.parametrize(
    ("value", "number"), [(b"Z99999999", "Z99999999"), (b"A1\x00\x00", "A1"), (b"A\x1b[2J", ""), (b"\xff" * 9, "")]
)
def test_card_number(value: bytes, number: str) -> None:
    assert records.card_number(value) == number


@pytest.mark.parametrize("raw", [b"", b"\x90", bytes(259), b"\x00\x00", b"\x60\x00", b"\xff\xff"])
def test_no_response(raw: bytes) -> None:
    with pytest.raises(ApduError):
        Response.from_bytes(raw)


@given(st.binary(max_size=64))
def test_whatever_stands_there_can_be_shown(value: bytes) -> None:
    name = records.name(value)
    assert len(name) <= records.MOST_NAME
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"} for c in name)
    name.encode("utf-8")
    number = records.citizen_number(value)
    assert number == "" or is_citizen_number(number)
    assert records.sex(value) in {"", "0", "1", "2", "9"}
    for text in (records.nation(value), records.day(value), records.card_number(value)):
        assert text.isalnum() or not text


@given(st.binary(max_size=300))
def test_records_lie_within_the_data(data: bytes) -> None:
    for identifier, value in records.parse_records(data).items():
        assert bytes([identifier, len(value)]) + value in data
