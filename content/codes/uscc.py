"""GB 32100-2015: the unified social credit code (统一社会信用代码) of organisations, 18 characters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from content.codes.iso7064 import ALPHANUMERIC
from content.codes.resident_number import normalise
from content.schema.text import Text

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # 31 symbols in the order of their values; no I, O, S, V, Z

# Position 1 (registering department) -> allowed position 2 (kind of organisation), as amended.
KINDS = {
    "1": "1239",
    "2": "19",
    "3": "123459",
    "4": "19",
    "5": "1239",
    "6": "129",
    "7": "129",
    "8": "19",
    "9": "123",
    "A": "19",
    "N": "1239",
    "Y": "1",
}
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class UsccFault(StrEnum):
    LENGTH = "length"
    CHARACTERS = "characters"
    KIND = "kind"
    CHECK = "check"

    @property
    def text(self) -> Text:
        return _SENTENCES[self]


_SENTENCES = {
    UsccFault.LENGTH: Text("统一社会信用代码应为 18 位", "A unified social credit code has 18 characters"),
    UsccFault.CHARACTERS: Text(
        "代码里有不应出现的字符（不使用 I、O、S、V、Z；第 3 至 8 位为数字）",
        "The code holds characters it cannot have (I, O, S, V and Z are not used; places 3 to 8 are digits)",
    ),
    UsccFault.KIND: Text(
        "代码开头两位不是已有的登记部门和机构类别",
        "The first two characters are no known department and kind of organisation",
    ),
    UsccFault.CHECK: Text("校验码不符，请核对代码", "The check character does not match; please compare the code"),
}

INNER_CHECK_WARNING = Text(
    "主体标识码（第 9 至 17 位）的校验位不符；早年登记的代码有此情形，请留意核对",
    "The inner check (places 9 to 17) does not match; some early registrations are so, please compare with care",
)


@dataclass(frozen=True)
class UsccCheck:
    """Valid when `fault` is None. `warning`: valid, but the inner GB 11714 check fails."""

    code: str
    fault: UsccFault | None = None
    warning: Text | None = None

    @property
    def valid(self) -> bool:
        return self.fault is None


def check_character(body: str) -> str:
    """The 18th character of 17 characters over `ALPHABET`."""
    total = sum(ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(body))
    return ALPHABET[(31 - total % 31) % 31]


def inner_check_character(body: str) -> str:
    """GB 11714: the 9th character of the 8 characters of an organisation code."""
    total = sum(ALPHANUMERIC.index(char) * weight for char, weight in zip(body, _INNER_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def check_uscc(raw: str) -> UsccCheck:
    """Check a code; blanks, full-width and lower-case letters are normalised first."""
    code = normalise(raw)
    if len(code) != 18:
        return UsccCheck(code, UsccFault.LENGTH)
    if any(char not in ALPHABET for char in code) or not code[2:8].isdigit():
        return UsccCheck(code, UsccFault.CHARACTERS)
    if code[1] not in KINDS.get(code[0], ""):
        return UsccCheck(code, UsccFault.KIND)
    if check_character(code[:17]) != code[17]:
        return UsccCheck(code, UsccFault.CHECK)
    if inner_check_character(code[8:16]) != code[16]:
        return UsccCheck(code, warning=INNER_CHECK_WARNING)
    return UsccCheck(code)
