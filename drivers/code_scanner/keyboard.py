"""Codes out of the key strokes of a scanner that pretends to be a keyboard (US layout). No I/O here.

Everybody can print a code with control keys in it, so such a code is dropped whole: only keys that print a character,
shift and the closing Enter are taken. A code comes in the rhythm of a machine; a person on a keyboard is too slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from evdev import ecodes

from drivers.code_scanner.frames import MAX_CODE, Code
from drivers.link.input_events import DOWN, UP, InputEvent

_SHIFTS: Final = frozenset({ecodes.KEY_LEFTSHIFT, ecodes.KEY_RIGHTSHIFT})
_MODIFIERS: Final = frozenset(
    {
        ecodes.KEY_LEFTCTRL,
        ecodes.KEY_RIGHTCTRL,
        ecodes.KEY_LEFTALT,
        ecodes.KEY_RIGHTALT,
        ecodes.KEY_LEFTMETA,
        ecodes.KEY_RIGHTMETA,
        ecodes.KEY_COMPOSE,
        ecodes.KEY_FN,
    }
)
_ENDS: Final = frozenset({ecodes.KEY_ENTER, ecodes.KEY_KPENTER})


def _us_layout() -> dict[int, tuple[str, str]]:
    """Key number → the character alone and with shift."""
    layout = {
        ecodes.ecodes[f"KEY_{letter.upper()}"]: (letter, letter.upper()) for letter in "abcdefghijklmnopqrstuvwxyz"
    }
    layout |= {
        ecodes.ecodes[f"KEY_{digit}"]: (digit, above) for digit, above in zip("1234567890", "!@#$%^&*()", strict=True)
    }
    layout |= {ecodes.ecodes[f"KEY_KP{digit}"]: (digit, digit) for digit in "0123456789"}
    layout |= {
        ecodes.KEY_SPACE: (" ", " "),
        ecodes.KEY_MINUS: ("-", "_"),
        ecodes.KEY_EQUAL: ("=", "+"),
        ecodes.KEY_LEFTBRACE: ("[", "{"),
        ecodes.KEY_RIGHTBRACE: ("]", "}"),
        ecodes.KEY_BACKSLASH: ("\\", "|"),
        ecodes.KEY_SEMICOLON: (";", ":"),
        ecodes.KEY_APOSTROPHE: ("'", '"'),
        ecodes.KEY_GRAVE: ("`", "~"),
        ecodes.KEY_COMMA: (",", "<"),
        ecodes.KEY_DOT: (".", ">"),
        ecodes.KEY_SLASH: ("/", "?"),
    }
    return layout


US_LAYOUT: Final = _us_layout()


@dataclass(frozen=True)
class KeyboardRhythm:
    """Seconds. A longer pause than `key_gap` inside a code spoils it: not a scanner, or keys were lost. After a pause
    of `rest` a new code begins, whatever came before."""

    key_gap: float = 0.05
    rest: float = 1.0


class KeyboardParser:
    """Cuts codes out of key strokes; key-down only, Enter ends a code."""

    def __init__(self, rhythm: KeyboardRhythm | None = None) -> None:
        self._rhythm = rhythm or KeyboardRhythm()
        self._text = bytearray()
        self._held: set[int] = set()  # shift and modifiers
        self._spoilt = False
        self._last: float | None = None  # when the last key went down
        self.rejected = 0  # codes dropped: control keys, too slow, too long, keys lost
        self.with_modifiers = 0  # of these, those with control keys

    @property
    def begun(self) -> bool:
        return bool(self._text) or self._spoilt

    def reset(self) -> None:
        """Forget everything; what is held is not known any more."""
        self._forget_code()
        self._held.clear()
        self._last = None

    def skip_begun(self) -> None:
        """Drop a code of which a part has come, and the rest of it when it comes."""
        if self._text:
            self._spoil()

    def feed(self, events: list[InputEvent]) -> list[Code]:
        found = []
        for event in events:
            if event.is_gap:
                self._held.clear()
                self._spoil()
            elif event.is_key and (code := self._key(event)) is not None:
                found.append(code)
        return found

    def _key(self, event: InputEvent) -> Code | None:
        if event.code in _SHIFTS or event.code in _MODIFIERS:
            (self._held.discard if event.value == UP else self._held.add)(event.code)
        if event.value != DOWN:
            return None
        self._keep_time(event.at)
        if event.code in _SHIFTS:
            return None
        if event.code in _ENDS and not self._held & _MODIFIERS:
            return self._end()
        character = US_LAYOUT.get(event.code)
        if character is None or self._held & _MODIFIERS:
            self.with_modifiers += not self._spoilt
            self._spoil()
        elif not self._spoilt:
            self._text += character[bool(self._held & _SHIFTS)].encode("ascii")
            if len(self._text) > MAX_CODE:
                self._spoil()
        return None

    def _keep_time(self, now: float) -> None:
        pause = 0.0 if self._last is None else now - self._last
        self._last = now
        if not self.begun:
            return
        if pause > self._rhythm.rest or pause < 0:
            self.rejected += not self._spoilt
            self._forget_code()
        elif pause > self._rhythm.key_gap:
            self._spoil()

    def _end(self) -> Code | None:
        code = Code(bytes(self._text)) if self._text.strip() and not self._spoilt else None
        self._forget_code()
        return code

    def _spoil(self) -> None:
        self.rejected += not self._spoilt
        self._forget_code()
        self._spoilt = True

    def _forget_code(self) -> None:
        self._text[:] = bytes(len(self._text))
        self._text.clear()
        self._spoilt = False
