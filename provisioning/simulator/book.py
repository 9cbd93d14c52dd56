"""The simulator's own book: what the desk has acknowledged, line by line, in files that only grow.

    h  KIOSK  SEQ      DIGEST              a heartbeat was answered with 200
    c  KIOSK  KIND     SUBJECT  VALUE      … and it was the first to tell this change
    x  KIOSK  COMMAND                      a command was carried out
    a  KIOSK  COMMAND  STATE               its end was told and answered with 204
    v  KIOSK  WHAT                         the desk did what it must not do

Fields are separated by tabs. A heartbeat whose answer never came is not in the book: the desk may have it or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FLUSH_AT = 500  # lines


@dataclass(frozen=True)
class Change:
    """`kind`: "device", "supply", "service", "content", "software" or "settings"."""

    kind: str
    subject: str  # "document_printer", "document_printer.paper", ""
    value: str


class Book:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")
        self._lines: list[str] = []

    def heartbeat(self, kiosk_id: str, seq: int, digest: str, changes: tuple[Change, ...] = ()) -> None:
        self._lines.append(f"h\t{kiosk_id}\t{seq}\t{digest}\n")
        for change in changes:
            self._lines.append(f"c\t{kiosk_id}\t{change.kind}\t{change.subject}\t{change.value}\n")
        if len(self._lines) >= _FLUSH_AT:
            self.flush()

    def executed(self, kiosk_id: str, command_id: str) -> None:
        self._lines.append(f"x\t{kiosk_id}\t{command_id}\n")

    def acknowledged(self, kiosk_id: str, command_id: str, state: str) -> None:
        self._lines.append(f"a\t{kiosk_id}\t{command_id}\t{state}\n")

    def violation(self, kiosk_id: str, what: str) -> None:
        self._lines.append(f"v\t{kiosk_id}\t{what}\n")

    def flush(self) -> None:
        self._file.writelines(self._lines)
        self._file.flush()
        self._lines.clear()

    def close(self) -> None:
        self.flush()
        self._file.close()


class NullBook(Book):
    """For runs that are only measured."""

    def __init__(self) -> None:
        self._lines = []

    def flush(self) -> None:
        self._lines.clear()

    def close(self) -> None:
        self._lines.clear()


@dataclass
class Kept:
    """What a book says, added up."""

    heartbeats: int = 0
    last_seq: dict[str, int] = field(default_factory=dict)
    changes: Counter[tuple[str, Change]] = field(default_factory=Counter)  # by kiosk
    executed: Counter[tuple[str, str]] = field(default_factory=Counter)  # by kiosk and command
    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)  # command: kiosk, state
    violations: list[tuple[str, str]] = field(default_factory=list)


def read_book(where: Path) -> Kept:
    """`where`: a book's file, or a folder of them. A line that was cut short at the end of a file is left out."""
    kept = Kept()
    files = sorted(where.glob("*.tsv")) if where.is_dir() else [where]
    if not files:
        raise FileNotFoundError(f"there is no book in {where}")
    for file in files:
        for line in _whole_lines(file):
            _add(kept, line.rstrip("\n").split("\t"))
    return kept


def _whole_lines(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8") as lines:
        yield from (line for line in lines if line.endswith("\n"))


def _add(kept: Kept, fields: list[str]) -> None:
    values: list[Any] = fields
    match values:
        case ["h", kiosk_id, seq, _]:
            kept.heartbeats += 1
            kept.last_seq[kiosk_id] = max(int(seq), kept.last_seq.get(kiosk_id, 0))
        case ["c", kiosk_id, kind, subject, value]:
            kept.changes[kiosk_id, Change(kind, subject, value)] += 1
        case ["x", kiosk_id, command_id]:
            kept.executed[kiosk_id, command_id] += 1
        case ["a", kiosk_id, command_id, state]:
            kept.acknowledged[command_id] = (kiosk_id, state)
        case ["v", kiosk_id, what]:
            kept.violations.append((kiosk_id, what))
        case _:
            raise ValueError("a line of the book is of no known kind")
