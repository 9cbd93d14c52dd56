"""What each kind of command takes, who may give it, and how long it stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.contract.fleet_api import CommandKind
from backend.staff.roles import Permission

_K = CommandKind


class CommandError(Exception):
    """Not to be given or done so; `code` for programs, the text for people (English)."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Nothing(_Arguments):
    pass


class _Restart(_Arguments):
    what: Literal["program", "machine"] = "program"


# Shown to residents: no control characters, above all no NUL, which PostgreSQL refuses.
_Reason = Annotated[str, Field(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]


class _OutOfService(_Arguments):
    reason_zh: _Reason = ""
    reason_en: _Reason = ""


class _LogBundle(_Arguments):
    hours: int = Field(default=24, ge=1, le=168)


class _Volume(_Arguments):
    percent: int = Field(ge=0, le=100)


class _PrintTest(_Arguments):
    printer: Literal["receipt_printer", "document_printer"]


_ARGUMENTS: dict[CommandKind, type[_Arguments]] = {
    _K.RESTART: _Restart,
    _K.OUT_OF_SERVICE: _OutOfService,
    _K.LOG_BUNDLE: _LogBundle,
    _K.VOLUME: _Volume,
    _K.PRINT_TEST: _PrintTest,
}

WITH_FILE = {_K.LOG_BUNDLE: "application/zip", _K.SCREENSHOT: "image/png"}

URGENT_FOR = timedelta(minutes=10)  # an urgent command is for now: nobody wants yesterday's restart
STANDS_FOR = timedelta(hours=12)
LONGEST = timedelta(days=7)


def permission_of(kind: CommandKind) -> Permission:
    return Permission.ENROL if kind is _K.WIPE else Permission.OPERATE


def checked_arguments(kind: CommandKind, given: Mapping[str, Any]) -> dict[str, Any]:
    """Complete with defaults. Raises CommandError with the fields and rules, never with what was given."""
    try:
        return _ARGUMENTS.get(kind, _Nothing).model_validate(dict(given)).model_dump()
    except ValidationError as error:
        faults = [f"{'.'.join(str(part)[:40] for part in fault['loc'])}: {fault['type']}" for fault in error.errors()]
        raise CommandError("arguments", "; ".join(faults[:10])) from None
