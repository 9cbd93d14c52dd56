"""The world applications are handed in to."""

from __future__ import annotations

import pytest

from backend.contract import service_api as wire
from tests.kiosk.journeys.service_world import ServiceWorld


@pytest.fixture
def world() -> ServiceWorld:
    """The departments know an address, and a phone number that no form would take."""
    return ServiceWorld(
        known=[
            wire.Prefill(field="address", value="青口县户籍路 9 号", source_zh="公安", source_en="Police"),
            wire.Prefill(field="phone", value="12", source_zh="运营商", source_en="Carrier", locked=True),
        ]
    )
