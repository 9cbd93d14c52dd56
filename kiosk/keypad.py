"""From the keypad beside the screen to the screen, and to the loudspeaker."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from drivers.keypad.port import Keypad
from kiosk.keys import Key, KeyPress
from kiosk.loudness import Loudness

log = structlog.get_logger()


async def pass_keys_on(keypad: Keypad, press: Callable[[KeyPress], None], loudness: Loudness) -> None:
    """For ever. Which keys come is never logged."""
    while True:
        pressed = await keypad.next_key()
        key = Key(pressed.key.value)
        if key is Key.LOUDER:
            loudness.louder()
        elif key is Key.QUIETER:
            loudness.quieter()
        try:
            press(KeyPress(key, pressed.repeated))  # every key shows that somebody is there
        except Exception as error:  # noqa: BLE001 - a bug on one screen must not switch the keypad off
            log.error("key_press_failed", error=type(error).__name__)
