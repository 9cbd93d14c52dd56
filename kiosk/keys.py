"""The keys of the accessible keypad, as screens understand them: the interface knows no drivers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Key(StrEnum):
    """Same values as the driver's port has: a test holds them together."""

    UP = "up"
    DOWN = "down"
    LEFT = "left"
    RIGHT = "right"
    CONFIRM = "confirm"
    BACK = "back"
    HOME = "home"
    REPEAT = "repeat"
    SLOWER = "slower"
    LOUDER = "louder"
    QUIETER = "quieter"
    HELP = "help"
    DELETE = "delete"
    DIGIT_0 = "0"
    DIGIT_1 = "1"
    DIGIT_2 = "2"
    DIGIT_3 = "3"
    DIGIT_4 = "4"
    DIGIT_5 = "5"
    DIGIT_6 = "6"
    DIGIT_7 = "7"
    DIGIT_8 = "8"
    DIGIT_9 = "9"


ARROWS = frozenset({Key.UP, Key.DOWN, Key.LEFT, Key.RIGHT})
DIGITS = frozenset(key for key in Key if key.value.isdigit())


@dataclass(frozen=True, repr=False)
class KeyPress:
    """`repr` hides the key: a row of them may be a PIN."""

    key: Key
    repeated: bool = False  # held down

    def __repr__(self) -> str:
        return "KeyPress(…)"
