"""What every scripted console of a trial's tests asks of a line."""

from __future__ import annotations


def english(zh: str, en: str) -> str:
    """The English half of a line, once the Chinese half is seen to be Chinese and the English one is not.

    A masked name is Chinese in both.
    """
    assert any("\u4e00" <= char <= "\u9fff" for char in zh), f"not Chinese: {zh}"
    assert en[0].isascii(), f"not English: {en}"
    assert sum(not char.isascii() for char in en) <= 2, f"not English: {en}"
    return en
