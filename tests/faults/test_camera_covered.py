"""Something sticks on the camera's lens.

Device: camera
Resident: 光线太暗，看不清
    Before that: 光线太暗，请面向灯光
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.camera.port import CameraFault
from kiosk.identity.face.port import FaceReason
from kiosk.journeys import texts
from tests.faults.camera_bench import camera_bench, journey_says, plain
from tests.faults.resident import sees, staff


async def test_no_light_comes_in(tmp_path: Path) -> None:
    with camera_bench(frozen_after_s=0.3) as bench:
        bench.network.freeze(plain(0))  # black is black, again and again
        bench.until(lambda found: found is CameraFault.TOO_DARK)
        result, cues = bench.check()
        staff(__doc__, await bench.status())
    assert result.reason is FaceReason.TOO_DARK
    assert [texts.FACE_CUES[cue.value] for cue in cues] == [texts.FACE_CUES["too-dark"]]
    assert texts.FACE_NOT_SEEN["too-dark"] in await journey_says(tmp_path, result)
    sees(__doc__, texts.FACE_CUES["too-dark"], texts.FACE_NOT_SEEN["too-dark"])
