"""What the departments of the demonstration know: `departments/SYSTEM.yaml`, for the operations that the content
declares in `catalogue/operations/SYSTEM.yaml`.

    records: {OPERATION: {NUMBER: {FIELD: value, ROWS: [{COLUMN: value}]}}}   NUMBER: of a person or an organisation
    bills:   {OPERATION: {ACCOUNT: {customer_name, bill_no, period, usage, amount_fen}}}   without bill_no: nothing due
    slots:   {OPERATION: {place: {zh, en}, times: ["09:00-09:30"], each: 4}}

In a text, `@month-3` is the month three before this one (2026-08), `@day+7` a date, `@year-1` a year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import structlog
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import content
from content.schema.base import Model
from content.schema.reference import Operation, Operations
from content.schema.text import Text

log = structlog.get_logger()

KNOWN = Path(__file__).parent / "departments"
DECLARED = Path(content.__file__).parent / "catalogue" / "operations"

_MOVED = re.compile(r"@(year|month|day)([+-]\d{1,5})?")


class BillData(Model):
    customer_name: str = Field(repr=False)
    bill_no: str | None = None
    period: str = "@month-1"
    usage: int | str | None = None
    amount_fen: int = 0


class SlotData(Model):
    place: Text = Text("政务服务大厅", "Service hall")
    times: list[str] = Field(
        default=["09:00-09:30", "09:30-10:00", "10:00-10:30", "14:30-15:00", "15:00-15:30"], min_length=1
    )
    each: int = Field(default=4, ge=0)  # people a slot takes
    weekends: bool = False


class _Known(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    records: dict[str, dict[str, dict[str, Any]]] = {}
    bills: dict[str, dict[str, BillData]] = {}
    slots: dict[str, SlotData] = {}


@dataclass(frozen=True)
class System:
    """One department's system: its operations, and what it knows."""

    operations: dict[str, Operation]
    known: _Known


@dataclass(frozen=True)
class Departments:
    """`broken`: systems whose file cannot be read; they are closed, the others are not."""

    systems: dict[str, System]
    broken: dict[str, str] = field(default_factory=dict)

    def operation(self, name: str) -> Operation | None:
        system = self.systems.get(name.split(".")[0])
        return system.operations.get(name) if system else None


@cache
def departments() -> Departments:
    return read_departments(DECLARED, KNOWN)


def read_departments(declared: Path, known: Path) -> Departments:
    systems: dict[str, System] = {}
    broken: dict[str, str] = {}
    for file in sorted(declared.glob("*.yaml")):
        try:
            operations = Operations.model_validate(_yaml(file))
            beside = known / file.name
            data = _Known.model_validate(_yaml(beside) or {}) if beside.exists() else _Known()
        except (OSError, yaml.YAMLError, ValidationError) as error:
            log.error("sandbox_department_unreadable", file=file.name, error=type(error).__name__)
            broken[file.stem] = str(error)
            continue
        named = {operation.name: operation for operation in operations.operations}
        systems[operations.system] = System(named, data)
    return Departments(systems, broken)


def moved(value: Any, today: date) -> Any:
    """`value` with its `@…` places filled in, all the way down; dates as text."""
    if isinstance(value, str):
        return _MOVED.sub(lambda match: _moment(match[1], int(match[2] or 0), today), value)
    if isinstance(value, list):
        return [moved(one, today) for one in value]
    if isinstance(value, dict):
        return {str(key): moved(one, today) for key, one in value.items()}
    return value.isoformat() if isinstance(value, date) else value


def _moment(unit: str, shift: int, today: date) -> str:
    match unit:
        case "year":
            return str(today.year + shift)
        case "month":
            months = today.year * 12 + today.month - 1 + shift
            return f"{months // 12:04d}-{months % 12 + 1:02d}"
        case _:
            return (today + timedelta(days=shift)).isoformat()


def _yaml(file: Path) -> Any:
    return yaml.safe_load(file.read_text("utf-8"))
