"""Values of options: they travel in patterns, in lists separated by spaces, in conditions and to departments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from content.lint.fault import Finding, fault

_PLAIN = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_LONGEST = 40


def plain(values: Iterable[str], place: str) -> Iterator[Finding]:
    for index, value in enumerate(values):
        if len(value) > _LONGEST or not _PLAIN.fullmatch(value):
            yield fault(
                f"{place}.{index}.value",
                f"应是小写英文字母、数字和 - _，最多 {_LONGEST} 个字符",
                f"must be small letters, digits, - and _, {_LONGEST} characters at most",
            )
