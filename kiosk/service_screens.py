"""Screens of applications, records, appointments and the like; see `kiosk.screens` for the rest and the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from content.schema.text import Text
from kiosk.screens import Choice, Entry, Milestone, PreviewSource, Screen

# --- forms ----------------------------------------------------------------------------------------------------------


class FieldKind(StrEnum):
    TEXT = "text"  # words; `keyboard` says which one opens first
    DIGITS = "digits"
    PHONE = "phone"
    ID_NUMBER = "id-number"
    DATE = "date"  # YYYY-MM-DD
    AMOUNT = "amount"  # digits of fen; shown as yuan
    CHOICE = "choice"
    CHOICES = "choices"  # values separated by spaces
    STATEMENT = "statement"  # "yes" or "no"


@dataclass(frozen=True)
class FormEntry:
    """One field of a page. `source`: where a prefilled value comes from; `locked`: seen, not changed."""

    name: str
    kind: FieldKind
    label: Text
    value: str = field(default="", repr=False)
    required: bool = True
    hint: Text | None = None
    source: Text | None = None
    locked: bool = False
    keyboard: str = "hanzi"  # or "letters"
    max_length: int = 60
    choices: tuple[Choice, ...] = ()
    statement: Text | None = None
    private: bool = False  # shown as dots unless touched


@dataclass(frozen=True)
class Filled:
    """The page's values when 继续 was touched, by field name; a field left empty is ""."""

    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class SaveAndLeave:
    """存下来，下次接着办: the values so far, right or not."""

    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Form(Screen[Filled | SaveAndLeave]):
    """One page of a form. `check(name, values)` says what is wrong with a value as it is typed (None: nothing yet or
    nothing); the page is answered only when no field is wrong and none that is required is empty."""

    fields: tuple[FormEntry, ...]
    check: Callable[[str, Mapping[str, str]], Text | None] = field(default=lambda name, values: None, compare=False)
    can_save: bool = False
    note: Text | None = None
    idle_s: float | None = 150.0


# --- choosing several -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """`fixed`: chosen and cannot be left out, or (with chosen False) cannot be chosen; `reason` says why. `needs`:
    values that are chosen with it, and without which it goes too."""

    value: str
    label: Text
    hint: Text | None = None
    chosen: bool = True
    fixed: bool = False
    reason: Text | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tick(Screen[tuple[str, ...]]):
    """Some of several; the answer is the chosen values in their order."""

    items: tuple[Item, ...]
    least: int = 1
    confirm: Text
    note: Text | None = None
    idle_s: float | None = 120.0


# --- papers ---------------------------------------------------------------------------------------------------------


class PaperState(StrEnum):
    NOT_NEEDED = "not-needed"  # a department has it, or an e-certificate replaces it
    TO_SCAN = "to-scan"
    SCANNED = "scanned"
    BRING = "bring"  # to the counter
    LATER = "later"  # 容缺: may be handed in later


@dataclass(frozen=True)
class Paper:
    id: str
    name: Text
    state: PaperState
    note: Text | None = None  # why not needed, what to look for, until when
    pages: int = 0  # scanned


class PapersAnswer(StrEnum):
    GO_ON = "go-on"
    PRINT = "print"  # the list as a slip: 一次性告知单


@dataclass(frozen=True, kw_only=True)
class Papers(Screen["PapersAnswer | str"]):
    """The exact list of materials. The answer is a PapersAnswer, or the id of the paper that is to be scanned now."""

    papers: tuple[Paper, ...]
    can_go_on: bool = True  # nothing that is required is missing
    can_print: bool = True
    note: Text | None = None
    idle_s: float | None = 150.0


class ScanAnswer(StrEnum):
    TAKE = "take"
    AGAIN = "again"
    KEEP = "keep"
    ENOUGH = "enough"  # no more pages


@dataclass(frozen=True, kw_only=True)
class Scan(Screen[ScanAnswer]):
    """A paper under the document camera: the live picture, or the one taken (`png`) to be looked at."""

    hint: Text
    preview: PreviewSource | None = field(default=None, compare=False)
    png: bytes | None = field(default=None, repr=False)
    pages: int = 0  # kept so far
    idle_s: float | None = 120.0


# --- what is known --------------------------------------------------------------------------------------------------


class RecordAnswer(StrEnum):
    DONE = "done"
    PRINT = "print"
    REVEAL = "reveal"


@dataclass(frozen=True)
class Grid:
    columns: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]
    empty: Text


@dataclass(frozen=True, kw_only=True)
class Record(Screen[RecordAnswer]):
    """Entries, a table by pages, the steps of a case: whatever was asked for. Masked until REVEAL."""

    entries: tuple[Entry, ...] = ()
    grid: Grid | None = None
    milestones: tuple[Milestone, ...] = ()
    note: Text | None = None
    can_print: bool = False
    can_reveal: bool = False
    idle_s: float | None = 90.0


@dataclass(frozen=True, kw_only=True)
class QueueTicket(Screen[None]):
    """The number huge, how many are ahead, where to go. A touch or a few seconds end it."""

    number: str
    ahead: int
    wait: Text | None
    window: Text
    matter: Text
    can_go_back: bool = False
    idle_s: float | None = 20.0


@dataclass(frozen=True, kw_only=True)
class Sign(Screen[bytes]):
    """A signature by finger (A3); the answer is a PNG of it, black on white."""

    statement: Text
    can_go_back: bool = True
    idle_s: float | None = 120.0


@dataclass(frozen=True, kw_only=True)
class ScanCode(Screen[None]):
    """A QR code is wanted: an electronic business licence, a badge, a booking. The code is the answer; a touch on
    返回 gives it up."""

    hint: Text
    reading: bool = False
    error: Text | None = None
    on_paper: bool = False  # on a slip, not on a phone
