"""The backend is gone: before the start nothing can start; midway the session is closed cleanly and said so.

Device: backend
Resident: 这次办理已经停下，本机没有留下您的信息。请稍后再来，或拨打 12345。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.journeys import texts
from kiosk.journeys.context import JourneyOver
from kiosk.screens import PayAnswer
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import House


async def test_midway(tmp_path: Path) -> None:
    world = World()

    def review(screen: object) -> None:
        world.backend = "gone"

    async with House(tmp_path / "j.sqlite3", world, Review=review) as house:
        with pytest.raises(JourneyOver):
            await house.certificate()
        assert house.stage.seen[-1].body == texts.BACKEND_GONE_BODY  # type: ignore[union-attr]
        assert not world.sheets
        assert await house.recover() == 1, "kept until the backend can be asked"
        world.backend = "up"
        assert await house.recover() == 0


async def test_while_the_code_is_shown(tmp_path: Path) -> None:
    """A lost network is waited out while the code is valid; if it stays lost, the number to ask with is shown."""
    world = World()

    def pay(screen: object) -> object:
        world.backend = "gone"
        return PayAnswer.CANCEL

    async with House(tmp_path / "j.sqlite3", world, Pay=pay) as house:
        with pytest.raises(JourneyOver):
            await house.water()
        last = house.stage.seen[-1]
        assert last.body == texts.PAY_UNKNOWN_BODY  # type: ignore[union-attr]
        assert last.entries[0].value.zh.startswith("K2026")  # type: ignore[union-attr]
        world.backend = "up"
        assert await house.recover() == 0
