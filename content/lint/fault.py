"""What the lint says: where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from content.schema.text import Language, Text


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule found. `place`: dotted, inside the file. `note`: told, not refused."""

    place: str
    message: Text
    note: bool = False


@dataclass(frozen=True)
class Fault:
    """A finding in a file. `line` None: it concerns the whole file."""

    file: Path
    place: str
    message: Text
    note: bool = False
    line: int | None = None

    def in_(self, language: Language) -> str:
        where = f"{self.file}:{self.line}" if self.line else f"{self.file}"
        place = f"{self.place}: " if self.place else ""
        kind = "" if not self.note else "提示: " if language is Language.ZH else "note: "
        return f"{where}: {kind}{place}{self.message.in_(language)}"

    def __str__(self) -> str:
        return self.in_(Language.EN)


def fault(place: str, zh: str, en: str) -> Finding:
    return Finding(place, Text(zh, en))


def note(place: str, zh: str, en: str) -> Finding:
    return Finding(place, Text(zh, en), note=True)
