"""What a kiosk may call its devices: bounded once, where the report comes in."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from backend.alerts.observe import subject_of
from backend.fleet.heartbeat.answers import Refusal
from backend.fleet.heartbeat.beats import report_of

WELL: dict[str, Any] = {"state": "online"}


def taken(devices: dict[str, Any]) -> bool:
    try:
        report_of(msgspec.json.encode({"software": "1", "devices": devices}))
    except Refusal:
        return False
    return True


@pytest.mark.parametrize(
    ("devices", "good"),
    [
        ({}, True),
        ({"d" * 40: {**WELL, "supplies": {"s" * 40: "full"}}}, True),
        ({"d" * 41: WELL}, False),
        ({"d": {**WELL, "supplies": {"s" * 41: "full"}}}, False),
        ({"d": {**WELL, "levels": {"s" * 41: 5}}}, False),
        ({f"d{number}": WELL for number in range(20)}, True),
        ({f"d{number}": WELL for number in range(21)}, False),
        ({"d": {**WELL, "supplies": {f"s{number}": "full" for number in range(8)}}}, True),
        ({"d": {**WELL, "supplies": {f"s{number}": "full" for number in range(9)}}}, False),
    ],
)
def test_names_and_their_number_are_bounded(devices: dict[str, Any], good: bool) -> None:
    assert taken(devices) is good


def test_a_subject_fits_and_stays_different() -> None:
    kiosk = "K" * 60
    assert subject_of(kiosk, "receipt_printer.paper").endswith("/receipt_printer.paper")
    first, second = (subject_of(kiosk, "d" * 80 + "." + end * 80) for end in "ab")
    assert first != second
    assert max(len(first), len(second), len(subject_of(kiosk, "d" * 40 + "." + "s" * 40))) <= 150
