"""Identity numbers that an ID reader can deliver: GB 11643 (residents), residence permits of Hong Kong, Macao and
Taiwan residents (81/82/83), foreigners' permanent residence cards (9 + 17, edition 2023; 15 characters before).

An unknown county code never refuses a number: codes are abolished, numbers are not.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from content.codes.division import PROVINCES
from content.codes.iso7064 import mod_11_2
from content.schema.text import Text

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_BODY = re.compile(r"[0-9]{17}[0-9X]")
_FOREIGNER_OLD = re.compile(r"[A-Z]{3}[0-9]{12}")


class NumberKind(StrEnum):
    CITIZEN = "citizen"
    HONG_KONG_PERMIT = "hong-kong-permit"
    MACAO_PERMIT = "macao-permit"
    TAIWAN_PERMIT = "taiwan-permit"
    FOREIGNER = "foreigner"  # edition 2023
    FOREIGNER_OLD = "foreigner-old"  # 15 characters; only the shape can be checked


class Sex(StrEnum):
    """GB/T 2261.1: 1 male, 2 female."""

    MALE = "1"
    FEMALE = "2"


class NumberFault(StrEnum):
    LENGTH = "length"
    CHARACTERS = "characters"
    OLD_FORM = "old-form"
    PROVINCE = "province"
    DATE = "date"
    FUTURE = "future"
    CHECK = "check"

    @property
    def text(self) -> Text:
        """The sentence for people, without the number."""
        return _SENTENCES[self]


_SENTENCES = {
    NumberFault.LENGTH: Text(
        "证件号码应为 18 位，请核对后再输一次",
        "The number must have 18 characters; please check it and try again",
    ),
    NumberFault.CHARACTERS: Text(
        "证件号码里有不应出现的字符，前 17 位应为数字，末位为数字或 X",
        "The number holds characters it cannot have: 17 digits, then a digit or X",
    ),
    NumberFault.OLD_FORM: Text(
        "15 位旧号码已停止使用，请使用 18 位号码",
        "The old number of 15 digits is no longer in use; please use the one of 18",
    ),
    NumberFault.PROVINCE: Text("号码开头的地区代码不存在", "The number begins with a region code that does not exist"),
    NumberFault.DATE: Text("号码里的出生日期不是真实日期", "The date of birth in the number is not a real date"),
    NumberFault.FUTURE: Text("号码里的出生日期晚于今天", "The date of birth in the number lies in the future"),
    NumberFault.CHECK: Text(
        "校验码不符，号码很可能抄错了一位，请核对",
        "The check character does not match: probably one digit is wrong, please compare",
    ),
}

_PERMITS = {
    "810000": NumberKind.HONG_KONG_PERMIT,
    "820000": NumberKind.MACAO_PERMIT,
    "830000": NumberKind.TAIWAN_PERMIT,
}


@dataclass(frozen=True)
class NumberCheck:
    """The result: valid when `fault` is None; then `kind` is set, and `birth` and `sex` where the number tells."""

    number: str = field(repr=False)  # normalised
    fault: NumberFault | None = None
    kind: NumberKind | None = None
    birth: date | None = field(default=None, repr=False)
    sex: Sex | None = None

    @property
    def valid(self) -> bool:
        return self.fault is None


def normalise(raw: str) -> str:
    """Trimmed, half-width, upper case, inner blanks removed."""
    return "".join(unicodedata.normalize("NFKC", raw).split()).upper()


def check_resident_number(raw: str, today: date | None = None) -> NumberCheck:
    """Check a number of any kind above. `today` (default: now in Shanghai) bounds the date of birth."""
    number = normalise(raw)
    if len(number) == 15:
        if _FOREIGNER_OLD.fullmatch(number):
            return NumberCheck(number, kind=NumberKind.FOREIGNER_OLD)
        return NumberCheck(number, NumberFault.OLD_FORM if _digits(number) else NumberFault.CHARACTERS)
    if len(number) != 18:
        return NumberCheck(number, NumberFault.LENGTH)
    if not _BODY.fullmatch(number):
        return NumberCheck(number, NumberFault.CHARACTERS)

    kind = _kind_of(number)
    if kind is None:
        return NumberCheck(number, NumberFault.PROVINCE)
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return NumberCheck(number, NumberFault.DATE)
    if birth.year < (1800 if kind is NumberKind.CITIZEN else 1900):
        return NumberCheck(number, NumberFault.DATE)
    if birth > (today or datetime.now(_SHANGHAI).date()):
        return NumberCheck(number, NumberFault.FUTURE)
    if mod_11_2(number[:17]) != number[17]:
        return NumberCheck(number, NumberFault.CHECK)
    sex = Sex.MALE if int(number[16]) % 2 else Sex.FEMALE
    return NumberCheck(number, kind=kind, birth=birth, sex=sex)


def upgrade_15(number: str) -> str:
    """The 18-character form of a number of 15 digits (issued before 1999-10-01), for archive search only.

    Century 19, or 18 where the sequence is 996-999. Raises ValueError unless there are 15 ASCII digits.
    """
    if len(number) != 15 or not _digits(number):
        raise ValueError("not 15 digits")
    century = "18" if number[12:] >= "996" else "19"
    body = number[:6] + century + number[6:]
    return body + mod_11_2(body)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _kind_of(number: str) -> NumberKind | None:
    if number[0] == "9":
        return NumberKind.FOREIGNER if number[1:3] in PROVINCES else None
    if number[:2] in {"81", "82", "83"}:
        return _PERMITS.get(number[:6])
    return NumberKind.CITIZEN if number[:2] in PROVINCES else None
