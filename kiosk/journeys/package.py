"""一件事一次办: several departments' items as one matter. Like an application, with a choice of parts after the
questions; the form and the papers are then those of the chosen parts, merged, and the case has parts."""

from __future__ import annotations

from functools import partial

from kiosk.journeys.apply import walk_to_case
from kiosk.journeys.context import Journey
from kiosk.journeys.steps.parts import choose_parts


async def apply_for_package(journey: Journey) -> None:
    """Ends like `apply`."""
    asking = 3 if journey.service.auth.reads_card or journey.service.auth.organisation else 2
    await walk_to_case(journey, [partial(choose_parts, journey, asking)])
