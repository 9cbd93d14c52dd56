"""Fixtures of the backend's tests that need the whole house."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.backend.house import House, make_pack, open_house


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pack(tmp_path_factory.mktemp("content"))


@pytest.fixture
async def house(tmp_path: Path, pack: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, pack, gateway_timeout_s=5) as opened:
        yield opened
