"""What the desk has set for this kiosk, over what its own environment says.

Checked against the table that the desk checks against. A value that does not fit, and a key this program does not
know, are reported and left out; the old value stays in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import structlog

from backend.contract.fleet_api import Settings
from backend.contract.kiosk_settings import SETTINGS, fault_of
from kiosk.link.errors import ERRORS, ErrorBook
from kiosk.link.files import write_whole

log = structlog.get_logger()


class DesiredSettings:
    """`revision` is what the kiosk reports: the last one that was looked at. A desk that sends something unusable in
    a revision hears of it once, not with every heartbeat."""

    def __init__(self, path: Path, errors: ErrorBook = ERRORS) -> None:
        self._path = path
        self._errors = errors
        self.revision = 0
        self.values: dict[str, Any] = {}
        self._read()

    def take(self, new: Settings) -> None:
        """Keep what fits. Raises OSError when it cannot be written; then nothing has changed."""
        kept: dict[str, Any] = {}
        for key, value in new.values.items():
            fault = fault_of(key, value)
            if fault is None:
                kept[key] = value
                continue
            known = key in SETTINGS
            self._errors.note("setting_value_unusable" if known else "setting_unknown", key)
            if known and key in self.values:
                kept[key] = self.values[key]
        write_whole(self._path, msgspec.json.encode(Settings(revision=new.revision, values=kept)))
        self.revision, self.values = new.revision, kept

    def _read(self) -> None:
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=Settings)
        except FileNotFoundError:
            return
        except (OSError, msgspec.MsgspecError) as error:
            # Revision 0 makes the desk send them again.
            log.error("settings_file_damaged", error=type(error).__name__)
            return
        self.revision = kept.revision
        self.values = {key: value for key, value in kept.values.items() if fault_of(key, value) is None}


def merged(own: Mapping[str, Any], desired: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting of the desk's table as it is in force: the desk's value, else the kiosk's own."""
    return {key: desired.get(key, own[key]) for key in own}
