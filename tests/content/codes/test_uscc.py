from __future__ import annotations

import pytest

from content.codes.uscc import UsccFault, check_character, check_uscc, inner_check_character


@pytest.mark.parametrize(
    "code",
    [
        "91350100M000100Y43",  # published example
        "11100000000013338W",  # a ministry
        "11519999000000019R",
        "12519999MB0A00018J",
        "91519999MA00000158",
        "92519999MA00000230",
        "52519999MJ00000183",
        "N2519999MF0000013U",
        "Y1519999MY0000012J",
        "A15199990000000949",
    ],
)
def test_valid(code: str) -> None:
    assert check_uscc(code).valid
    assert check_uscc(code.lower()).valid


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("91519999MA00000159", UsccFault.CHECK),
        ("91519999MA0000I158", UsccFault.CHARACTERS),
        ("9151999XMA00000158", UsccFault.CHARACTERS),
        ("91519999MA0000015", UsccFault.LENGTH),
        ("94519999MA00000158", UsccFault.KIND),
        ("B1519999MA00000158", UsccFault.KIND),
    ],
)
def test_invalid(code: str, fault: UsccFault) -> None:
    assert check_uscc(code).fault is fault
    assert fault.text.zh
    assert fault.text.en


def test_worked_example() -> None:
    assert check_character("91519999MA0000015") == "8"


@pytest.mark.parametrize("code", ["M000100Y4", "600037341", "196720244", "000000019"])
def test_inner_check(code: str) -> None:
    assert inner_check_character(code[:8]) == code[8]


def test_a_failing_inner_check_only_warns() -> None:
    body = "91519999MA0000014"
    result = check_uscc(body + check_character(body))
    assert result.valid
    assert result.warning is not None
    assert check_uscc("91519999MA00000158").warning is None
