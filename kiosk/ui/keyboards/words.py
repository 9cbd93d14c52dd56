"""What is being written with letter keys: the text, the letters not yet chosen from, and which keys are shown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from kiosk.ui.keyboards import pinyin


class Keys(StrEnum):
    PINYIN = "pinyin"
    LETTERS = "letters"
    NUMBERS = "numbers"


@dataclass(frozen=True)
class Writing:
    """`letters`: pinyin still to be chosen from; `page` of its candidates."""

    text: str = field(repr=False)
    longest: int
    keys: Keys
    letters: str = field(default="", repr=False)
    small: bool = False  # the letters keyboard writes a, b, c
    page: int = 0

    @property
    def room(self) -> int:
        return self.longest - len(self.text)

    def key(self, sign: str) -> Writing:
        """A letter A-Z (on the pinyin keys "V" is ü), a figure or a sign; a key too many changes nothing."""
        if self.keys is Keys.PINYIN and sign.isascii() and sign.isalpha():
            if len(self.letters) >= pinyin.LONGEST or not self.room:
                return self
            return replace(self, letters=self.letters + sign.lower(), page=0)
        if not self.room or (sign == " " and not self.text):
            return self
        written = sign.lower() if self.small and sign.isalpha() else sign
        return replace(self, text=self.text + written)

    def delete(self) -> Writing:
        if self.letters:
            return replace(self, letters=self.letters[:-1], page=0)
        return replace(self, text=self.text[:-1])

    def clear(self) -> Writing:
        return replace(self, text="", letters="", page=0)

    def choose(self, candidate: pinyin.Candidate) -> Writing:
        """Take a candidate; what it does not stand for stays to be chosen from."""
        word = candidate.word[: self.room]
        return replace(self, text=self.text + word, letters=self.letters[candidate.letters :], page=0)

    def switch(self, keys: Keys) -> Writing:
        """Other keys; letters without a choice are dropped."""
        return replace(self, keys=keys, letters="", page=0)

    def other_case(self) -> Writing:
        return replace(self, small=not self.small)

    def turn(self, step: int) -> Writing:
        return replace(self, page=max(0, self.page + step))
