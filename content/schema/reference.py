"""What services refer to: departments with their aliases, the departments' operations, holiday calendars."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from content.schema.base import OPERATION, SLUG, USCC, Effective, Model
from content.schema.text import Text


class Alias(Model):
    """Another name of a department (工商局 → 市场监管局), and when it was the official one."""

    name: str
    valid: Effective = Effective()


class Department(Model):
    id: str = Field(pattern=SLUG)
    name: Text
    uscc: str = Field(pattern=USCC)
    aliases: list[Alias] = []


class Departments(Model):
    """The file `catalogue/departments.yaml`."""

    departments: list[Department]


class Operation(Model):
    """One deed of the departments' data exchange, as services may name it.

    | kind | asked with | answers when ok (other results) |
    |---|---|---|
    | record | name, number, then the form's values in `params` | `fields` and `rows` (no-record) |
    | bill | the account | bill_no, customer_name, period, amount_fen, usage? (not-found, nothing-due) |
    | post, reverse | bill_no, payment_no, amount_fen | posting_no (not-found, already-paid, amount-changed, reversed) |
    | submit | case_no, service_id, form, parts | department_no (refused with reason) |
    | status | case_no | stage, at |
    | slots, book | day; slot, name | slots; booking_no (full) |
    | message, check | as its params say | as its fields say |
    """

    name: str = Field(pattern=OPERATION)
    kind: Literal["record", "bill", "post", "reverse", "submit", "status", "slots", "book", "message", "check"]
    title: Text
    params: list[str] = []  # of the form, besides who asks
    fields: list[str] = []  # of a record's answer: single values
    rows: dict[str, list[str]] = {}  # of a record's answer: lists, by name, and their columns
    printed_on: str | None = None  # a template of its own, which the backend fills; None: `record-sheet`
    private: list[str] = []  # fields and columns that tell much about a person


class Operations(Model):
    """A file `catalogue/operations/SYSTEM.yaml`; `system` is the part of the names before the point."""

    system: str = Field(pattern=SLUG)
    department: str = Field(pattern=SLUG)
    operations: list[Operation] = Field(min_length=1)


class Calendar(Model):
    """A year of the State Council's holiday notice: days off, and weekend days that are worked."""

    year: int = Field(ge=2000, le=2100)
    notice: str  # which document
    off: list[date]
    worked: list[date]


class Region(Model):
    """A division code with its validity, for addresses and old documents."""

    code: str = Field(pattern=r"^\d{6}(\d{3}(\d{3})?)?$")
    name: Text
    valid: Effective = Effective()
    replaced_by: str | None = None


class Regions(Model):
    """The file `catalogue/regions.yaml`."""

    regions: list[Region]
