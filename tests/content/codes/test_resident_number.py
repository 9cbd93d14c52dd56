"""GB 11643 and its relatives. County 519999 is unassigned: these numbers belong to nobody."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.codes.iso7064 import mod_11_2, mod_37_36
from content.codes.resident_number import NumberFault, NumberKind, Sex, check_resident_number, upgrade_15

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("number", "kind", "sex", "birth"),
    [
        ("11010519491231002X", NumberKind.CITIZEN, Sex.FEMALE, date(1949, 12, 31)),  # the standard's annex
        ("440524188001010014", NumberKind.CITIZEN, Sex.MALE, date(1880, 1, 1)),  # the standard's annex
        ("519999199001010017", NumberKind.CITIZEN, Sex.MALE, date(1990, 1, 1)),
        ("519999199001010025", NumberKind.CITIZEN, Sex.FEMALE, date(1990, 1, 1)),
        ("519999200002290036", NumberKind.CITIZEN, Sex.MALE, date(2000, 2, 29)),
        ("519999194912310181", NumberKind.CITIZEN, Sex.FEMALE, date(1949, 12, 31)),
        ("51999919900101005X", NumberKind.CITIZEN, Sex.MALE, date(1990, 1, 1)),
        ("810000199001010019", NumberKind.HONG_KONG_PERMIT, Sex.MALE, date(1990, 1, 1)),
        ("820000199001010029", NumberKind.MACAO_PERMIT, Sex.FEMALE, date(1990, 1, 1)),
        ("830000199001010039", NumberKind.TAIWAN_PERMIT, Sex.MALE, date(1990, 1, 1)),
        ("951840199001010015", NumberKind.FOREIGNER, Sex.MALE, date(1990, 1, 1)),
        ("951826200002290029", NumberKind.FOREIGNER, Sex.FEMALE, date(2000, 2, 29)),
        ("932682198501010017", NumberKind.FOREIGNER, Sex.MALE, date(1985, 1, 1)),  # published sample
    ],
)
def test_valid(number: str, kind: NumberKind, sex: Sex, birth: date) -> None:
    result = check_resident_number(number, TODAY)
    assert result.valid
    assert (result.kind, result.sex, result.birth) == (kind, sex, birth)


def test_old_foreigner_shape() -> None:
    result = check_resident_number("USA110074110419")
    assert result.valid
    assert result.kind is NumberKind.FOREIGNER_OLD
    assert result.birth is None


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("519999199001010018", NumberFault.CHECK),
        ("519999199002300019", NumberFault.DATE),  # 30 February, said before the check character
        ("51999919900101001", NumberFault.LENGTH),
        ("", NumberFault.LENGTH),
        ("51999919900101001A", NumberFault.CHARACTERS),
        ("5199991990010100X7", NumberFault.CHARACTERS),
        ("519999900101001", NumberFault.OLD_FORM),
        ("51999990010100A", NumberFault.CHARACTERS),
        ("019999199001010017", NumberFault.PROVINCE),
        ("999840199001010015", NumberFault.PROVINCE),
        ("810001199001010019", NumberFault.PROVINCE),
        ("519999299001010017", NumberFault.FUTURE),
        ("519999170001010017", NumberFault.DATE),
        ("810000189001010019", NumberFault.DATE),
    ],
)
def test_invalid(number: str, fault: NumberFault) -> None:
    result = check_resident_number(number, TODAY)
    assert result.fault is fault
    assert fault.text.zh
    assert fault.text.en
    assert number not in fault.text.zh or not number


def test_normalised_before_checking() -> None:
    assert check_resident_number(" 51999919900101005x ").valid
    assert check_resident_number("５１９９９９１９９００１０１００１７").valid
    assert "1990" not in repr(check_resident_number("519999199001010017"))


def test_born_today_but_not_tomorrow() -> None:
    assert check_resident_number("519999199001010017", date(1990, 1, 1)).valid
    assert check_resident_number("519999199001010017", date(1989, 12, 31)).fault is NumberFault.FUTURE


def test_upgrade_of_fifteen_digits() -> None:
    assert upgrade_15("519999900101001") == "519999199001010017"
    assert upgrade_15("519999900101996")[6:10] == "1890"
    with pytest.raises(ValueError):
        upgrade_15("USA110074110419")


@given(st.integers(0, 17), st.integers(1, 9))
def test_every_single_digit_error_is_seen(place: int, shift: int) -> None:
    number = "519999199001010017"
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not check_resident_number(wrong, TODAY).valid


@given(st.integers(0, 16))
def test_every_swap_of_neighbours_is_seen(place: int) -> None:
    number = "519999199001010025"
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert swapped == number or not check_resident_number(swapped, TODAY).valid


def test_published_check_characters() -> None:
    assert mod_37_36("A12425GABC1234002") == "M"  # the GRid example of ISO 7064
    assert mod_11_2("51999919900101001") == "7"
    assert mod_11_2("11010519491231002") == "X"
    with pytest.raises(ValueError):
        mod_37_36("a")
    with pytest.raises(ValueError):
        mod_11_2("１")
