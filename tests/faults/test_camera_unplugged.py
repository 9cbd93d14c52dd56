"""The camera is gone: straight on with SMS and PIN, the result is the same.

Device: camera
Resident: 请用短信加密码继续，办理结果一样。
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.camera.port import CameraFault
from kiosk.journeys import texts
from tests.faults.camera_bench import camera_bench
from tests.faults.resident import sees, staff
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import CAMERA_GONE, FakeFace, House


async def test_other_way(tmp_path: Path) -> None:
    async with House(tmp_path / "j.sqlite3", World(), Message="other", Keypad=["123456", "135790"]) as house:
        house.face = FakeFace(CAMERA_GONE)
        await house.certificate()
        said = [screen.body for screen in house.stage.seen if screen is not None and hasattr(screen, "body")]
        assert said == [texts.FACE_OTHER_WAY_BODY]
        sees(__doc__, *said)
        assert len(house.world.sheets) == 1


async def test_a_technician_is_called() -> None:
    with camera_bench() as bench:
        bench.network.unplugged.set()
        bench.until(lambda found: found is CameraFault.UNPLUGGED)
        staff(__doc__, await bench.status())
        result, _ = bench.check()
    assert result == CAMERA_GONE


async def test_no_camera_at_all(tmp_path: Path) -> None:
    """Every service works with `face_available = false`."""

    def without_face(screen: object) -> str:
        choices = screen.choices  # type: ignore[attr-defined]
        offered = [choice.value for choice in choices if choice.unavailable is None]
        return str(offered[-1])

    async with House(tmp_path / "j.sqlite3", World(), Choose=without_face, Keypad=["123456", "135790"]) as house:
        house.face = None
        await house.certificate()
        assert len(house.world.sheets) == 1
