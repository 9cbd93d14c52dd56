"""The sun stands low in the door behind the resident: a shadow before a bright window.

Device: camera
Resident: 光线太强，看不清
    Before that: 光线太强，请换个角度，避开强光
Staff: none
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drivers.camera.port import CameraFault
from kiosk.identity.face.port import FaceReason
from kiosk.journeys import texts
from tests.faults.camera_bench import camera_bench, journey_says
from tests.faults.resident import sees, staff


async def test_a_shadow_is_not_compared(tmp_path: Path) -> None:
    picture = np.full((120, 160, 3), 255, np.uint8)
    picture[20:, 40:120] = 15
    with camera_bench() as bench:
        bench.network.show(picture)
        bench.until(lambda found: found is CameraFault.TOO_BRIGHT)
        result, cues = bench.check()
        staff(__doc__, await bench.status())
    assert result.reason is FaceReason.TOO_BRIGHT
    assert [texts.FACE_CUES[cue.value] for cue in cues] == [texts.FACE_CUES["too-bright"]]
    assert texts.FACE_NOT_SEEN["too-bright"] in await journey_says(tmp_path, result)
    sees(__doc__, texts.FACE_CUES["too-bright"], texts.FACE_NOT_SEEN["too-bright"])
