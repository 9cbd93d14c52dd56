"""Every service and package of the catalogue is walked to its end, over the real backend and its sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.services.walk import Hall, names, open_hall, walk


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hall]:
    async with open_hall(tmp_path_factory.mktemp("hall")) as opened:
        yield opened


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", [name for name in names() if name != "case-progress"])
async def test_walked_to_its_end(hall: Hall, name: str) -> None:
    done = await walk(hall, name)
    assert done.output
    if done.service.journey.value in ("application", "package"):
        assert len(done.case_no) == 43
        assert done.slips == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_a_case_is_asked_for_by_its_number(hall: Hall) -> None:
    await walk(hall, _an_application(hall))
    done = await walk(hall, "case-progress")
    assert "Record" in done.screens


def _an_application(hall: Hall) -> str:
    return next(name for name in names() if hall.pack.services[name].journey.value == "application")
