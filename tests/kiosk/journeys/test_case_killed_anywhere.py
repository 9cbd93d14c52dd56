"""Pull the plug at every point of an application: one case at most, and whoever has one gets one slip."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.journal.journal import IntentKind, Outcome
from tests.kiosk.journeys.fakes import Killed, Points, is_copy
from tests.kiosk.journeys.office import CHOOSE, Office
from tests.kiosk.journeys.sample_services import ALLOWANCE, SHOP, service
from tests.kiosk.journeys.service_world import ServiceWorld


@pytest.mark.parametrize("content", [ALLOWANCE, SHOP], ids=["application", "package"])
@pytest.mark.parametrize("cut_counter", [True, False])
async def test_killed_anywhere(tmp_path: Path, content: dict[str, object], cut_counter: bool) -> None:
    points = Points()
    async with Office(tmp_path / "count.sqlite3", ServiceWorld(), points, Choose=CHOOSE) as office:
        await office.walk(service(content))
    assert {"before open case", "after open case", "before slip", "after slip"} <= set(points.trail)
    for kill_at in range(1, points.count + 1):
        world = ServiceWorld(has_cut_counter=cut_counter)
        path = tmp_path / f"{kill_at}.sqlite3"
        async with Office(path, world, Points(kill_at), Choose=CHOOSE) as office:
            with pytest.raises(Killed):
                await office.walk(service(content))
        async with Office(path, world) as office:
            assert await office.recover() == 0, f"left open when killed at {kill_at}"
            slips = len(world.slips)
            assert await office.recover() == 0
            assert len(world.slips) == slips, "recovering again does nothing"
            ends = [each.outcome for each in await office.journal.all_intents() if each.kind is IntentKind.CASE]
        assert len(world.cases) <= 1
        if world.cases:
            assert ends == [Outcome.DONE]
            assert len([slip for slip in world.slips if not is_copy(slip)]) <= 1
            assert world.slips, f"no slip when killed at {kill_at}"
            assert not cut_counter or len(world.slips) == 1, f"two slips when killed at {kill_at}"
        else:
            assert set(ends) <= {Outcome.NEVER_HAPPENED}
            assert not world.slips


async def test_backend_gone_keeps_it_open(tmp_path: Path) -> None:
    points = Points()
    async with Office(tmp_path / "count.sqlite3", ServiceWorld(), points, Choose=CHOOSE) as office:
        await office.walk(service(ALLOWANCE))
    world = ServiceWorld()
    path = tmp_path / "j.sqlite3"
    async with Office(path, world, Points(points.trail.index("after open case") + 1), Choose=CHOOSE) as office:
        with pytest.raises(Killed):
            await office.walk(service(ALLOWANCE))
    world.backend = "gone"
    async with Office(path, world) as office:
        assert await office.recover() == 1
        assert not world.slips
        world.backend = "up"
        assert await office.recover() == 0
    assert len(world.slips) == 1


@pytest.mark.parametrize("ends", ["dry", "half"])
async def test_the_roll_ends_with_the_slip(tmp_path: Path, ends: str) -> None:
    """Nobody knows whether it is out until the printer's counter has told: then it is printed once, or not again."""
    world = ServiceWorld(slip_ends=ends)
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        await office.walk(service(ALLOWANCE))
        assert await office.recover() == 2, "the case and its slip"
        world.slip_ready = True
        assert await office.recover() == 0
    assert len(world.slips) == 1
