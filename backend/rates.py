"""How often one terminal may ask for the same thing. A good one never comes near; a stolen one cannot flood the hall,
use up the case numbers of a day or read a register from one end to the other.

Counted in this process, for what is cheap to lose: a restart forgives, and several processes give several times as
much. What must not be guessed is counted in the database (`cases.tries`).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum

import structlog
from fastapi import FastAPI
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.contract.kiosk_api import ProblemCode
from backend.problems import Refused

log = structlog.get_logger()

_TERMINALS = 200_000  # kept at most; beyond that whoever has not asked in the window is forgotten first


class Asked(StrEnum):
    """What is counted by itself; each has its setting of the same name."""

    TICKETS = "tickets"
    CASES = "cases"
    PREFILLS = "prefills"
    RECORDS = "records"
    COMPLAINTS = "complaints"
    DRAFTS = "drafts"
    BOOKINGS = "bookings"
    CALLS = "calls"


class RateSettings(BaseSettings):
    """Requests of one terminal in `minutes`: environment variables `MENKOU_RATES_*`."""

    model_config = SettingsConfigDict(env_prefix="MENKOU_RATES_", hide_input_in_errors=True)

    minutes: float = Field(10, gt=0, le=1440)
    tickets: int = Field(200, ge=1)
    cases: int = Field(120, ge=1)
    prefills: int = Field(200, ge=1)
    records: int = Field(200, ge=1)
    complaints: int = Field(60, ge=1)
    drafts: int = Field(200, ge=1)
    bookings: int = Field(120, ge=1)
    calls: int = Field(60, ge=1)


class Rates:
    """`clock`: seconds, never backwards."""

    def __init__(self, settings: RateSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._window_s = settings.minutes * 60
        self._most: dict[str, int] = {what.value: getattr(settings, what.value) for what in Asked}
        self._clock = clock
        self._seen: dict[tuple[str, Asked], deque[tuple[float, str]]] = {}

    def count(self, kiosk_id: str, what: Asked, intent_id: str = "") -> None:
        """Refused(TOO_MANY_TRIES). The same intent again is the same request: it is let through."""
        now = self._clock()
        key = (kiosk_id, what)
        seen = self._seen.get(key)
        if seen is None:
            self._make_room(now)
            seen = self._seen[key] = deque()
        while seen and seen[0][0] <= now - self._window_s:
            seen.popleft()
        if intent_id and any(intent == intent_id for _, intent in seen):
            return
        if len(seen) >= self._most[what]:
            log.warning("rate_exceeded", kiosk=kiosk_id, what=what.value)
            raise Refused(ProblemCode.TOO_MANY_TRIES, f"rate: {what.value}")
        seen.append((now, intent_id))

    def _make_room(self, now: float) -> None:
        if len(self._seen) < _TERMINALS:
            return
        before = now - self._window_s
        self._seen = {key: seen for key, seen in self._seen.items() if seen and seen[-1][0] > before}


def rates_of(app: FastAPI) -> Rates:
    """The app's, made at the first call."""
    rates: Rates | None = getattr(app.state, "rates", None)
    if rates is None:
        rates = app.state.rates = Rates(RateSettings())
    return rates
