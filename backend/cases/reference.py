"""What cases take from the content besides their service: departments' names and the working-day calendar."""

from __future__ import annotations

from datetime import date
from typing import Literal

import structlog

from backend.catalogue import Catalogue
from content.calendar import NoCalendar
from content.load import PackError
from content.schema.elements import Duration
from content.schema.service import Service
from content.schema.text import Text

log = structlog.get_logger()


class Reference:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def warm_up(self) -> None:
        """Read it from the pack now: not in the event loop. Without a pack there is nothing to read."""
        if self._catalogue.pack is None:
            return
        try:
            _ = self._catalogue.pack.departments, self._catalogue.pack.working_days
        except PackError as error:
            log.error("content_pack_unusable", reason=str(error))

    def department(self, department_id: str, service: Service) -> Text:
        """Its name; the agency's own where it is the department that implements the service."""
        if department_id in ("", service.agency.department):
            return service.agency.name
        found = self._catalogue.pack.departments.get(department_id) if self._catalogue.pack else None
        return found.name if found else Text.same(department_id)

    def due(self, accepted: date, days: int, unit: Literal["working", "calendar"]) -> date | None:
        """The last day of a limit that began with acceptance on that day in China; None where a year's holidays are not
        known: nothing is promised then."""
        if self._catalogue.pack is None:
            return None
        day = self._catalogue.pack.working_days.due(accepted, Duration(days=days, unit=unit))
        if isinstance(day, NoCalendar):
            log.error("no_calendar", year=day.year)
            return None
        return day
