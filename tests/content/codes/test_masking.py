"""The project's masking rules, one example a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.codes import masking


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", "*"),
        ("王", "*"),
        ("张三", "张*"),
        ("王小明", "王*明"),
        ("欧阳小明", "欧**明"),
        ("阿依古丽·买买提", "阿依古丽·**"),
        ("阿依古丽•买买提", "阿依古丽·**"),
        ("阿依古丽．买买提", "阿依古丽·**"),
        ("\U00020bb7田", "\U00020bb7*"),  # a character outside the BMP counts once
    ],
)
def test_name(name: str, shown: str) -> None:
    assert masking.mask_name(name) == shown


def test_id_number() -> None:
    assert masking.mask_id_number("519999199001010017") == "519***********0017"
    assert masking.mask_id_number("USA110074110419") == "USA********0419"
    assert masking.mask_id_number_public("519999199001010017") == "5****************7"


def test_phone() -> None:
    assert masking.mask_phone("13800000000") == "138****0000"
    assert masking.mask_phone("+86 138 0000 0000") == "138****0000"
    assert masking.mask_phone("12345") == "*****"


def test_accounts() -> None:
    assert masking.mask_account("350100000017") == "3501 **** 0017"
    assert masking.mask_account("3501 0000 0017") == "3501 **** 0017"
    assert masking.mask_account("12345678") == "12 **** 78"
    assert masking.mask_account("1234") == "****"


@given(st.from_regex(r"[1-8][0-9]{16}[0-9X]", fullmatch=True))
def test_the_date_of_birth_never_shows(number: str) -> None:
    assert masking.mask_id_number(number)[3:14] == "*" * 11
    assert masking.mask_id_number_public(number)[1:-1] == "*" * 16
