"""Patterns of fields: they compile, and no answer makes matching slow (it runs at every key stroke)."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from content.schema.text import Text

_OPEN_ENDED = 50  # a repeat that may differ by so many counts as one without end
_MOST_OPEN_ENDED = 2  # each multiplies the time by the answer's length
_REPEATS = {codes.MAX_REPEAT, codes.MIN_REPEAT}


@lru_cache(4096)
def problem(pattern: str) -> Text | None:
    """What is wrong with a pattern, or None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = parser.parse(pattern)
            re.compile(pattern)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        return Text(f"不是正则表达式（{error}）；请改正", f"is not a regular expression ({error}); correct it")
    if _nested(tree, inside=False):
        return Text(
            "重复里又有重复，匹配会很慢；请改写",
            "repeats something that repeats itself and may take for ever; rewrite it",
        )
    if _open_ended(tree) > _MOST_OPEN_ENDED:
        return Text("不定长的重复太多；请限定长度", "has too many repeats without an end; bound them, e.g. {1,20}")
    return None


def _nested(tree: Any, *, inside: bool) -> bool:
    """Whether a repeat holds a repeat of variable length or alternatives, or something refers back."""
    for code, argument in tree:
        if code in (codes.GROUPREF, codes.GROUPREF_EXISTS):
            return True
        if code in _REPEATS or code is codes.POSSESSIVE_REPEAT:
            low, high, body = argument
            if inside and low != high:
                return True
            if _nested(body, inside=inside or high > 1):
                return True
        elif code is codes.BRANCH:
            if inside or any(_nested(branch, inside=False) for branch in argument[1]):
                return True
        elif code is codes.SUBPATTERN:
            if _nested(argument[-1], inside=inside):
                return True
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            if _nested(argument[1], inside=inside):
                return True
        elif code is codes.ATOMIC_GROUP and _nested(argument, inside=inside):
            return True
    return False


def _open_ended(tree: Any) -> int:
    count = 0
    for code, argument in tree:
        if code in _REPEATS or code is codes.POSSESSIVE_REPEAT:
            low, high, body = argument
            count += (high - low > _OPEN_ENDED) + _open_ended(body)
        elif code is codes.BRANCH:
            count += max(_open_ended(branch) for branch in argument[1])
        elif code is codes.SUBPATTERN:
            count += _open_ended(argument[-1])
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            count += _open_ended(argument[1])
        elif code is codes.ATOMIC_GROUP:
            count += _open_ended(argument)
    return count
