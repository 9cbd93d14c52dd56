"""An account number nobody has: said on the keypad, typed again.

Device: session
Resident: 没有查到这个户号，请对照账单再输一次
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from kiosk.journeys import texts
from kiosk.screens import Keypad
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import House


async def test_unknown_account(tmp_path: Path) -> None:
    world = World(refusals={"bill": "account-not-found"})

    def key(screen: Keypad) -> str:
        if screen.error is not None:
            world.refusals.clear()
        return "035012342718"

    async with House(tmp_path / "j.sqlite3", world, Keypad=key) as house:
        await house.water()
        errors = [screen.error for screen in house.stage.seen if isinstance(screen, Keypad)]
        assert errors == [None, texts.ACCOUNT_NOT_FOUND]
        values = [screen.value for screen in house.stage.seen if isinstance(screen, Keypad)]
        assert values == ["", "035012342718"], "what was typed stays, to be compared"
        assert len(world.slips) == 1


async def test_wrong_shape_never_leaves_the_kiosk(tmp_path: Path) -> None:
    async with House(tmp_path / "j.sqlite3", World(), Keypad=["12345", "035012342718"]) as house:
        await house.water()
        errors = [screen.error for screen in house.stage.seen if isinstance(screen, Keypad)]
        assert errors[0] is None
        assert errors[1] is not None
        assert "12" in errors[1].zh
        assert house.points.trail.count("before bill") == 1
