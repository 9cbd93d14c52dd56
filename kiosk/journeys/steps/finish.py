"""The end of every journey: rating, and goodbye with what to take along."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from backend.contract.kiosk_api import Rating
from content.schema.text import Text
from kiosk.journal.journal import OutboxItem
from kiosk.journeys import texts
from kiosk.journeys.context import Journey
from kiosk.link.client import Unreachable
from kiosk.screens import Goodbye, Nav, Rate, RateAnswer


async def rate(journey: Journey, step: int) -> None:
    """Five levels (GB/T 39734), skippable; saying nothing is skipping."""
    screen = Rate(question=texts.RATE, speech=texts.RATE, trail=journey.trail(step), idle_s=None)
    asking = journey.stage.ask(screen)
    try:
        answer = await asyncio.wait_for(asking, journey.settings.rate_s)
    except TimeoutError:
        return
    if isinstance(answer, Nav) or answer is RateAnswer.SKIP:
        return
    rating = Rating(
        rating_id=f"rate-{uuid4().hex[:20]}",
        service_id=journey.service.id,
        level=int(answer.value),
        rated_at=datetime.now(UTC),
    )
    if isinstance(await journey.terminal.link.rate(rating), Unreachable):
        await journey.terminal.journal.post(OutboxItem(rating.rating_id, "rating", rating.model_dump(mode="json")))


async def goodbye(journey: Journey, reminders: tuple[Text, ...]) -> None:
    """A few seconds, or a touch."""
    screen = Goodbye(question=texts.GOODBYE, speech=texts.GOODBYE, reminders=(*reminders, texts.DATA_GONE))
    journey.session.wipe()  # before it is said
    asking = journey.stage.ask(screen)
    try:
        await asyncio.wait_for(asking, journey.settings.goodbye_s)
    except TimeoutError:
        return
