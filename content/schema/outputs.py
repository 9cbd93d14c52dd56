"""What comes out of a journey: certificates, records on the screen, tickets, reports. All declared, none coded."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from content.schema.base import NAME, Condition, Model
from content.schema.text import Text

Format = Literal["text", "words", "month", "date", "fen", "number"]


class Shown(Model):
    """One value of a department's answer under a label.

    `format`: text as it is; words: by `words`, what is not in it as it is; month: 2026-09 → 2026.09;
    date: 2026-09-03 → 2026年9月3日; fen: integer fen → ¥12.30; number: with `unit`.
    `private`: masked on the screen until the resident asks, and in previews.
    """

    label: Text
    value: str = Field(pattern=NAME)  # the answer's field
    format: Format = "text"
    words: dict[str, Text] = {}
    unit: Text | None = None
    private: bool = False


class Table(Model):
    """`rows`: the answer's list; `empty`: said when it has no row (never "you have none" where only no record was
    found)."""

    rows: str = Field(pattern=NAME)
    columns: list[Shown] = Field(min_length=1, max_length=7)
    empty: Text


class Record(Model):
    """How a record operation's answer is shown and printed."""

    entries: list[Shown] = []
    table: Table | None = None
    note: Text | None = None  # under it: what it proves and what not


class Certificate(Model):
    """The paper that comes out of a certificate or licence journey.

    `template`: content/templates/NAME.typ; `record-sheet` prints any `record`.
    `stock`: counted special paper that each sheet takes one blank of.
    """

    template: str
    type_code: str = Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}\d{3}$")  # GB/T 36904: 18-char USCC + 3 digits
    title: Text
    daily_limit: int | None = Field(default=None, gt=0, le=1000)  # a person's prints of it a day
    stock: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9-]*$")


class Policy(Model):
    """One policy a business may match (惠企政策). `when` over the service's situations and choice fields."""

    id: str
    title: Text
    benefit: Text
    when: Condition = {}
    apply: Text  # where and how; "no application needed" (免申即享) is said here


class Lead(Model):
    """A department that leads (牵头) or takes part (配合), perhaps only in some situations."""

    department: str
    when: Condition = {}
