"""The network camera keeps the line open and sends nothing more, or a byte now and then. Only the
log says so (camera_gone).

Device: camera
Resident: 摄像头断开了 请用短信加密码继续，办理结果一样。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.camera.port import CameraFault
from kiosk.identity.face.port import FaceReason
from kiosk.journeys import texts
from tests.drivers.camera.waiting import eventually
from tests.faults.camera_bench import camera_bench, journey_says
from tests.faults.resident import sees, staff


async def test_no_more_pictures(tmp_path: Path) -> None:
    with camera_bench(read_timeout_s=0.3) as bench:
        bench.network.stalled.set()
        bench.until(lambda found: found is CameraFault.UNPLUGGED)
        result, _ = bench.check()
        staff(__doc__, await bench.status())
    assert result.reason is FaceReason.CAMERA_UNPLUGGED
    assert texts.FACE_CAMERA_LOST in await journey_says(tmp_path, result)
    sees(__doc__, texts.FACE_CAMERA_LOST, texts.FACE_OTHER_WAY_BODY)


def test_it_drips_and_comes_back() -> None:
    """Each byte comes in time; the picture does not."""
    with camera_bench(read_timeout_s=0.3) as bench:
        bench.network.dripping.set()
        eventually(lambda: bench.network.connections > 1)  # it is given up and tried again
        bench.until(lambda found: found is CameraFault.UNPLUGGED)
        bench.network.dripping.clear()
        bench.gives_pictures()
