"""The accessible keypad beside the screen: keys that can be pressed, held and stuck, on a cable that can be pulled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from drivers.virtual.input_device import EV_REL, VirtualInputDevice

# As linux/input-event-codes.h numbers them. The keypad's own legend, and which key it sends.
KEYS: dict[str, int] = {
    "up": 103,
    "down": 108,
    "left": 105,
    "right": 106,
    "confirm": 28,  # KEY_ENTER
    "back": 1,  # KEY_ESC
    "home": 102,
    "repeat": 60,  # KEY_F2
    "slower": 61,  # KEY_F3
    "louder": 115,
    "quieter": 114,
    "help": 59,  # KEY_F1
    "delete": 14,  # KEY_BACKSPACE
    "1": 2,
    "2": 3,
    "3": 4,
    "4": 5,
    "5": 6,
    "6": 7,
    "7": 8,
    "8": 9,
    "9": 10,
    "0": 11,
}
UNKNOWN_KEY = 67  # KEY_F9: on no keypad of ours


class VirtualKeypad:
    """`on_event` gets one English line, never the key: a row of them may be a PIN."""

    def __init__(self, path: Path, *, speed: float = 1.0, on_event: Callable[[str], None] = lambda text: None) -> None:
        self.input = VirtualInputDevice(path, speed=speed)
        self._on_event = on_event
        self.presses = 0

    async def start(self) -> None:
        self.input.plug()

    async def stop(self) -> None:
        await self.input.unplug()

    @property
    def plugged(self) -> bool:
        return self.input.pty.plugged

    @property
    def held(self) -> list[str]:
        """Legends of the keys that are down, sorted."""
        return sorted(name for name, number in KEYS.items() if number in self.input.held)

    async def unplug(self) -> None:
        await self.input.unplug()
        self._on_event("unplugged")

    def replug(self) -> None:
        self.input.plug()
        self._on_event("plugged in")

    async def press(self, key: str) -> None:
        """Press and let go. KeyError when there is no such key."""
        await self.input.tap(KEYS[key])
        self._count("key pressed")

    async def tremble(self, key: str) -> None:
        """One press by a trembling finger: the contact closes three times."""
        await self.input.strokes([(KEYS[key], value) for value in (1, 0, 1, 0, 1, 0)])
        self._count("key pressed with a tremble")

    async def hold(self, key: str) -> None:
        """Press and hold; the kernel's auto-repeat sets in."""
        await self.input.press(KEYS[key])
        self._count("key held down")

    async def release(self, key: str) -> None:
        await self.input.release(KEYS[key])
        self._on_event("key let go")

    async def stick(self, key: str) -> None:
        """Pressed, and it does not come up again."""
        await self.input.press(KEYS[key])
        self._count("key stuck")

    async def free(self) -> None:
        """All keys come up."""
        for number in list(self.input.held):
            await self.input.release(number)
        self._on_event("keys free")

    async def press_unknown(self) -> None:
        await self.input.tap(UNKNOWN_KEY)
        self._count("a key without meaning pressed")

    async def push_stick(self) -> None:
        """Some keypads carry a small mouse as well."""
        await self.input.report((EV_REL, 0, 5), (EV_REL, 1, -3))
        self._on_event("mouse moved")

    def _count(self, what: str) -> None:
        self.presses += 1
        self._on_event(what)
