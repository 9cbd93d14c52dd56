"""Which key means what: names of linux/input-event-codes.h to `Key`. What a keypad sends is set by its maker or its
firmware, so a terminal can change any of it in devices.toml:

    [keypad]
    driver = "evdev"
    path = "/dev/input/by-path/…-event-kbd"
    keys = { KEY_F1 = "help", KEY_F5 = "none" }
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from evdev import ecodes

from drivers.keypad.port import Key

NO_KEY: Final = "none"  # in devices.toml: this key means nothing

DEFAULT_KEYS: Final[Mapping[str, Key]] = {
    "KEY_UP": Key.UP,
    "KEY_DOWN": Key.DOWN,
    "KEY_LEFT": Key.LEFT,
    "KEY_RIGHT": Key.RIGHT,
    "KEY_ENTER": Key.CONFIRM,
    "KEY_KPENTER": Key.CONFIRM,
    "KEY_OK": Key.CONFIRM,
    "KEY_SELECT": Key.CONFIRM,
    "KEY_ESC": Key.BACK,
    "KEY_BACK": Key.BACK,
    "KEY_HOME": Key.HOME,
    "KEY_HOMEPAGE": Key.HOME,
    "KEY_F1": Key.HELP,
    "KEY_HELP": Key.HELP,
    "KEY_F2": Key.REPEAT,
    "KEY_AGAIN": Key.REPEAT,
    "KEY_F3": Key.SLOWER,
    "KEY_SLOW": Key.SLOWER,
    "KEY_VOLUMEUP": Key.LOUDER,
    "KEY_VOLUMEDOWN": Key.QUIETER,
    "KEY_BACKSPACE": Key.DELETE,
    "KEY_DELETE": Key.DELETE,
    **{f"KEY_{digit}": Key(str(digit)) for digit in range(10)},
    **{f"KEY_KP{digit}": Key(str(digit)) for digit in range(10)},
}

DIGITS: Final = frozenset(Key(str(digit)) for digit in range(10))


def key_number(name: str) -> int:
    """Raises ValueError when the kernel knows no key of that name."""
    number = ecodes.ecodes.get(name) if name.startswith(("KEY_", "BTN_")) else None
    if not isinstance(number, int):
        raise ValueError(f"{name} is no key; see linux/input-event-codes.h")
    return number


def key_numbers(changes: Mapping[str, Key | None]) -> dict[int, Key]:
    """The default keys with `changes`; None takes a key's meaning away. Raises ValueError."""
    names: dict[str, Key | None] = {**DEFAULT_KEYS, **changes}
    return {key_number(name): key for name, key in names.items() if key is not None}


def shown_name(number: int) -> str:
    """For a technician who sets up a keypad: the kernel's name, but of no letter or digit: somebody may be typing."""
    name = ecodes.bytype[ecodes.EV_KEY].get(number, "")
    name = min(name, key=len) if isinstance(name, (list, tuple)) else str(name)
    return name if len(name.removeprefix("KEY_").removeprefix("KP")) > 1 else ""
