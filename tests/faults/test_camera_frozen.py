"""The camera says OK and does nothing: the same picture for ever. Only the log says so (camera_gone).

Device: camera
Resident: 摄像头断开了 请用短信加密码继续，办理结果一样。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.camera.port import CameraFault
from kiosk.identity.face.port import FaceReason
from kiosk.journeys import texts
from tests.faults.camera_bench import camera_bench, journey_says, plain
from tests.faults.resident import sees, staff


async def test_the_same_picture(tmp_path: Path) -> None:
    with camera_bench(frozen_after_s=0.3) as bench:
        bench.network.freeze(plain())
        bench.until(lambda found: found is CameraFault.UNPLUGGED)
        result, _ = bench.check(timeout_s=5)
        staff(__doc__, await bench.status())
    assert result.reason is FaceReason.CAMERA_UNPLUGGED
    assert texts.FACE_CAMERA_LOST in await journey_says(tmp_path, result)
    sees(__doc__, texts.FACE_CAMERA_LOST, texts.FACE_OTHER_WAY_BODY)
