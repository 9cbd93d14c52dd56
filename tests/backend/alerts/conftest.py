"""A small fleet on both kinds of database."""

from __future__ import annotations

import pytest

from backend.db.engine import Sessions
from tests.backend.alerts.fleet import Fleet


@pytest.fixture
async def fleet(sessions: Sessions) -> Fleet:
    made = Fleet(sessions)
    await made.seed(0.002)
    return made


@pytest.fixture
async def province_fleet(sessions: Sessions) -> Fleet:
    """More than make a group on every level."""
    made = Fleet(sessions)
    await made.seed(0.006)
    return made
