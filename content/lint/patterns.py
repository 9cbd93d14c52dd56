"""Patterns of fields: they compile, and no answer makes matching slow (it runs at every key stroke)."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from content.schema.text import Text

_LONGEST_PATTERN = 500
_LONGEST_ANSWER = 1000  # characters of a text field; a repeat without end ends there
_MOST_WAYS = 1_100_000  # in which an answer is shared out among repeats (two without end): some 30 ms at worst
_REPEATS = {codes.MAX_REPEAT, codes.MIN_REPEAT}


@lru_cache(4096)
def problem(pattern: str) -> Text | None:
    """What is wrong with a pattern, or None."""
    if len(pattern) > _LONGEST_PATTERN:
        return Text(
            f"超过 {_LONGEST_PATTERN} 个字符；请写短",
            f"has over {_LONGEST_PATTERN} characters; write it shorter",
        )
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
    if _ways(tree) > _MOST_WAYS:
        return Text(
            "不定长的重复太多，匹配会很慢；请限定长度或减少",
            "has too many repeats of variable length and may take for ever; bound them, e.g. {1,20}, or use fewer",
        )
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


def _ways(tree: Any) -> int:
    """How many ways there are to share an answer out among the repeats: each multiplies them."""
    ways = 1
    for code, argument in tree:
        if code in _REPEATS or code is codes.POSSESSIVE_REPEAT:
            low, high, body = argument
            ways *= (min(high, low + _LONGEST_ANSWER) - low + 1) * _ways(body)
        elif code is codes.BRANCH:
            ways *= sum(_ways(branch) for branch in argument[1])
        elif code is codes.SUBPATTERN:
            ways *= _ways(argument[-1])
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            ways *= _ways(argument[1])
        elif code is codes.ATOMIC_GROUP:
            ways *= _ways(argument)
    return ways
