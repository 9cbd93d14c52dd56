"""The lint of the content, as the editor sees it. Everything here blocks for some ten milliseconds: call it in a
thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from backend.editor.bodies import Body, of_service, stored
from backend.editor.settings import EditorSettings
from content.calendar import LOCAL
from content.cli import icon_names
from content.compile import check_text
from content.lint.fault import Fault
from content.lint.known import Known
from content.schema.service import Service
from content.sources import Sources, files_in, read_sources

Row = TypeVar("Row")


@dataclass(frozen=True)
class Checked:
    """`service` None: the body does not fit the schema. `faults` keep it from being submitted, `notes` do not."""

    service: Service | None
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)

    def body(self, raw: Body) -> Body:
        """Normalised where it fits the schema, else as it was written."""
        return raw if self.service is None else of_service(self.service)


class Rules:
    """The rules over what the catalogue's folder holds besides its services. It is read again when it changes."""

    def __init__(self, settings: EditorSettings) -> None:
        self.catalogue = settings.catalogue
        self._icons = icon_names(settings.icons)
        self._lock = threading.Lock()
        self._read: tuple[float, Sources] | None = None

    def check(self, item_id: str, body: Body) -> Checked:
        """Places without lines."""
        return self._check(Path(_folder(body)) / f"{item_id}.json", stored(body).encode())

    def check_each(self, rows: Iterable[Row], of: Callable[[Row], tuple[str, Body]]) -> Iterator[tuple[Row, Checked]]:
        """The same of many, one after the other. `of`: an item's id and body in a row."""
        known = self.known()
        for row in rows:
            item_id, body = of(row)
            yield row, _checked(Path(_folder(body)) / f"{item_id}.json", stored(body).encode(), known)

    def check_yaml(self, item_id: str, text: str, *, package: bool) -> Checked:
        """Places with lines."""
        return self._check(Path("packages" if package else "services") / f"{item_id}.yaml", text.encode())

    @property
    def sources(self) -> Sources:
        with self._lock:
            stamp = max((file.stat().st_mtime for file in self._files()), default=0.0)
            if self._read is None or self._read[0] != stamp:
                self._read = (stamp, read_sources(self.catalogue))
            return self._read[1]

    def known(self) -> Known:
        return self.sources.known(icons=self._icons, today=datetime.now(LOCAL).date())

    def _check(self, file: Path, data: bytes) -> Checked:
        return _checked(file, data, self.known())

    def _files(self) -> list[Path]:
        folder = self.catalogue
        plain = [file for file in (folder / "departments.yaml", folder / "regions.yaml") if file.exists()]
        beside = [folder / "operations", folder / "calendars", folder.parent / "templates", folder.parent / "media"]
        folders = [one for one in beside if one.is_dir()]
        return [*plain, *folders, *(file for one in folders for file in files_in(one))]


def _checked(file: Path, data: bytes, known: Known) -> Checked:
    service, found = check_text(file, data, known)
    return Checked(service, [one for one in found if not one.note], [one for one in found if one.note])


def _folder(body: Body) -> str:
    return "packages" if body.get("package") else "services"
