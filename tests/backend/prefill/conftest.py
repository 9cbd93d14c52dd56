"""The counter on each kind of database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.backend.cases.world import counter
from tests.backend.house import House


@pytest.fixture
async def house(tmp_path: Path, house_database: str) -> AsyncIterator[House]:
    async with counter(tmp_path, house_database) as opened:
        yield opened
