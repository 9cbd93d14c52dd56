"""What the kiosk asks of the accessible keypad: key presses, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.device import Device


class Key(StrEnum):
    UP = "up"
    DOWN = "down"
    LEFT = "left"
    RIGHT = "right"
    CONFIRM = "confirm"
    BACK = "back"
    HOME = "home"
    REPEAT = "repeat"  # say that again
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


@dataclass(frozen=True, repr=False)
class KeyPress:
    """`repr` hides the key: a row of them may be a PIN."""

    key: Key
    repeated: bool = False  # held down

    def __repr__(self) -> str:
        return "KeyPress(…)"


class Keypad(Device, Protocol):
    async def next_key(self) -> KeyPress:
        """The next key pressed; waits for ever, across unplugging. Keys pressed while nobody waited are forgotten
        after two seconds: a resident does not expect them to count later."""
