"""Text in the languages of the terminal. Chinese is authoritative and never empty."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in zh-Hans and English; the screen shows the one the resident chose."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        """The sentence in `language`; Chinese where the other is missing, never an empty string."""
        return (self.en if language is Language.EN else self.zh) or self.zh

    def format(self, **values: object) -> Text:
        """Fill `{name}` places; a value that is a Text itself is filled language by language."""
        zh = {k: v.zh if isinstance(v, Text) else v for k, v in values.items()}
        en = {k: v.in_(Language.EN) if isinstance(v, Text) else v for k, v in values.items()}
        return Text(self.zh.format(**zh), self.en.format(**en))

    @staticmethod
    def same(text: str) -> Text:
        """Text that is the same in every language: a number, a name."""
        return Text(text, text)
