"""Nobody is there: told so, and both ways stay open.

Device: camera
Resident: 请正对摄像头站好再试，也可以用短信加密码。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from kiosk.identity.face.port import FaceOutcome, FaceResult, ScoreBand
from kiosk.journeys import texts
from tests.faults.camera_bench import camera_bench
from tests.faults.resident import sees, staff
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import NOBODY, FakeFace, House


async def test_try_again(tmp_path: Path) -> None:
    async with House(tmp_path / "j.sqlite3", World(), Message="again") as house:
        house.face = FakeFace(NOBODY, NOBODY, NOBODY, FaceResult(FaceOutcome.MATCH, band=ScoreBand.STRONG))
        await house.certificate()
        said = [screen.body for screen in house.stage.seen if screen is not None and hasattr(screen, "body")]
        assert said == [texts.FACE_NOBODY_BODY] * 3, "nobody there is no refusal: it may be tried again"
        sees(__doc__, *said)
        assert len(house.world.sheets) == 1


async def test_an_empty_room() -> None:
    with camera_bench() as bench:
        result, _ = bench.check()
        staff(__doc__, await bench.status())
    assert result == NOBODY
