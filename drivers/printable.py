"""What of a text from outside may stand on a screen, on paper and in a log: a card's fields, a device's own name."""

from __future__ import annotations

import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
MOST_IDENTITY = 80  # characters


def may_show(character: str) -> bool:
    """False for what shows nothing itself and changes or spoils how others show: control and format characters, line
    and paragraph separators, lone surrogates, noncharacters (Unicode 23.7).

    True for private-use and unassigned ones: rare names are written with them, and this Python may know an older
    Unicode than whoever wrote the text. To drop one would make another name of it.
    """
    code = ord(character)
    noncharacter = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    return not noncharacter and unicodedata.category(character) not in _INVISIBLE


def shown(text: str) -> str:
    """A person's words, without what may not be shown."""
    return "".join(character for character in text if may_show(character))


def identity(text: str) -> str:
    """What a device says of itself in its descriptors, on one line; a question mark shows where something was."""
    return "".join(character if may_show(character) else "?" for character in text)[:MOST_IDENTITY]
