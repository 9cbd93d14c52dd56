"""One terminal cannot flood the hall; the others do not notice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend.problems import Refused
from backend.rates import Asked, Rates, RateSettings
from tests.backend.cases.world import CARD_ONLY, ZHANG, counter
from tests.backend.hall import Hall, make_service


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_window_that_slides() -> None:
    clock = Clock()
    rates = Rates(RateSettings(minutes=1, cases=2), clock)
    rates.count("kiosk-1", Asked.CASES)
    clock.now += 30
    rates.count("kiosk-1", Asked.CASES)
    with pytest.raises(Refused, match="too-many-tries"):
        rates.count("kiosk-1", Asked.CASES)
    rates.count("kiosk-2", Asked.CASES)
    rates.count("kiosk-1", Asked.CALLS)
    clock.now += 30
    rates.count("kiosk-1", Asked.CASES)
    with pytest.raises(Refused, match="too-many-tries"):
        rates.count("kiosk-1", Asked.CASES)


def test_the_same_intent_counts_once_and_is_never_refused() -> None:
    rates = Rates(RateSettings(cases=1), Clock())
    for _ in range(5):
        rates.count("kiosk-1", Asked.CASES, "intent-1")
    with pytest.raises(Refused, match="too-many-tries"):
        rates.count("kiosk-1", Asked.CASES, "intent-2")


def test_whoever_has_gone_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.rates._TERMINALS", 3)
    clock = Clock()
    rates = Rates(RateSettings(minutes=1), clock)
    for number in range(10):
        clock.now += 61
        rates.count(f"kiosk-{number}", Asked.CASES)
    assert len(rates._seen) <= 3


# One request each, as far as the door: what comes after may well refuse it.
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "tickets": ("/queue/tickets", {"service_id": "queue", "intent_id": "intent-{}"}),
    "prefills": ("/prefill", {"service_id": "none", "proof_id": "none"}),
    "records": ("/records/query", {"service_id": "none", "form": {}}),
    "complaints": (
        "/complaints",
        {"service_id": "none", "intent_id": "intent-{}", "kind": "praise", "text": "x"},
    ),
    "drafts": ("/drafts", {"service_id": "none", "service_version": 1, "proof_id": "none", "form": {}}),
    "bookings": ("/appointments", {"service_id": "none", "slot_id": "x", "intent_id": "intent-{}"}),
    "calls": ("/assistance/calls", {"reason": "button", "intent_id": "intent-{}"}),
}


@pytest.mark.parametrize("what", REQUESTS)
async def test_every_door_counts(hall: Hall, what: str) -> None:
    hall.add(make_service("queue", "queue-ticket", auth="A0"))
    hall.house.backend.state.rates = Rates(RateSettings.model_validate({what: 2}))
    path, body = REQUESTS[what]

    async def ask(number: int, kiosk: str = "kiosk-1") -> str:
        sent = {name: value.format(number) if name == "intent_id" else value for name, value in body.items()}
        return str((await hall.post(path, sent, kiosk)).json().get("code", ""))

    assert await ask(1000) != "too-many-tries"
    assert await ask(1001) != "too-many-tries"
    assert await ask(1002) == "too-many-tries"
    assert await ask(1000, "kiosk-2") != "too-many-tries"


async def test_cases(tmp_path: Path) -> None:
    """A case that is there is given again, however many there were; and one terminal takes not all of a day's
    numbers."""
    async with counter(tmp_path) as house:
        state = house.backend.state
        state.rates = Rates(RateSettings(cases=3))
        state.cases_settings = state.cases_settings.model_copy(update={"serials_per_kiosk": 2})

        async def ask(number: int, kiosk: str = "kiosk-1") -> str:
            body = {"intent_id": f"intent-{number:04d}", "service_id": CARD_ONLY.id, "service_version": 3}
            body |= {"name": ZHANG[0], "number": ZHANG[1], "form": {"phone": "13800000017"}}
            return str((await house.call("POST", "/cases", body, kiosk)).json().get("code", "received"))

        assert [await ask(1), await ask(2), await ask(3), await ask(4), await ask(1)] == [
            "received",
            "received",
            "daily-limit",
            "too-many-tries",
            "received",
        ]
        assert await ask(1, "kiosk-2") == "received"
