"""Masking of personal data for display (脱敏). One rule per field, the same everywhere."""

from __future__ import annotations

import re

_MIDDLE_DOTS = str.maketrans("•．・‧∙", "·····")


def mask_name(name: str) -> str:
    """张三 → 张*, 王小明 → 王*明, 阿依古丽·买买提 → 阿依古丽·**. Counts characters, not code units."""
    name = name.strip().translate(_MIDDLE_DOTS)
    head, dot, _ = name.partition("·")
    if dot:
        return f"{head}·**"
    if len(name) <= 1:
        return "*"
    if len(name) == 2:
        return f"{name[0]}*"
    return f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"


def mask_id_number(number: str) -> str:
    """For the holder's own screen: first 3 and last 4, never the date of birth."""
    return _keep(number, 3, 4)


def mask_id_number_public(number: str) -> str:
    """For lists, queue displays and logs: first and last character only."""
    return _keep(number, 1, 1)


def mask_phone(phone: str) -> str:
    """13800000000 → 138****0000; a country code +86 is dropped."""
    digits = re.sub(r"\D", "", phone)
    if len(digits) == 13 and digits.startswith("86"):
        digits = digits[2:]
    return _keep(digits, 3, 4)


def mask_account(account: str) -> str:
    """A customer's account number: first 4 and last 4 of twelve or more (`3501 **** 0017`), fewer of shorter ones."""
    account = "".join(account.split())
    keep = 4 if len(account) >= 12 else 2 if len(account) >= 8 else 0
    if keep == 0:
        return "****"
    return f"{account[:keep]} **** {account[-keep:]}"


def _keep(text: str, first: int, last: int) -> str:
    text = "".join(text.split())
    if len(text) <= first + last:
        return "*" * len(text)
    return f"{text[:first]}{'*' * (len(text) - first - last)}{text[-last:]}"
