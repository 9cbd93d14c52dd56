"""A wrong code: said so, typed again; three times wrong is the backend's matter and ends that way only.

Device: session
Resident: 验证码或密码不对，请再输一次
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from kiosk.journeys import texts
from kiosk.screens import Keypad
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import House


async def test_wrong_then_right(tmp_path: Path) -> None:
    def choose(screen: object) -> str:
        return str(screen.choices[-1].value)  # type: ignore[attr-defined]

    keys = ["000000", "135790", "123456", "135790"]
    async with House(tmp_path / "j.sqlite3", World(), Choose=choose, Keypad=keys) as house:
        await house.certificate()
        errors = [s.error for s in house.stage.seen if isinstance(s, Keypad) and not s.secret]
        assert errors == [None, texts.SMS_WRONG]
        assert all(s.error is None for s in house.stage.seen if isinstance(s, Keypad) and s.secret)
        assert len(house.world.sheets) == 1
