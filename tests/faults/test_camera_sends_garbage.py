"""The network camera sends nonsense: no pictures, parts without end, a picture that claims to be enormous.
Only the log says so (camera_gone).

Device: camera
Resident: 摄像头断开了 请用短信加密码继续，办理结果一样。
Staff: none
"""

from __future__ import annotations

import resource

import pytest

from drivers.camera.port import CameraFault
from kiosk.identity.face.port import FaceReason
from kiosk.journeys import texts
from tests.drivers.camera.mjpeg import jpeg
from tests.faults.camera_bench import camera_bench, plain
from tests.faults.resident import sees, staff

JPEG = jpeg(plain())
AT = JPEG.index(b"\xff\xc0") + 5
ENORMOUS = JPEG[:AT] + b"\xff\xff\xff\xff" + JPEG[AT + 4 :]  # 65,535 x 65,535 pixels: 13 GB


@pytest.mark.parametrize("data", [b"no picture", JPEG[:200], ENORMOUS], ids=["text", "cut", "enormous"])
async def test_pictures_that_are_none(data: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with camera_bench(read_timeout_s=0.2) as bench:
        bench.network.show_bytes(data)
        bench.until(lambda found: found is CameraFault.UNPLUGGED)
        result, _ = bench.check()
        staff(__doc__, await bench.status())
        assert result.reason is FaceReason.CAMERA_UNPLUGGED
    sees(__doc__, texts.FACE_CAMERA_LOST, texts.FACE_OTHER_WAY_BODY)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024, "kB"


@pytest.mark.parametrize(
    "flood", [b"Content-Length: 99999999\r\n\r\n", b"\r\n", b"X: y\r\n" * 9], ids=["length", "part", "header"]
)
def test_parts_without_end(flood: bytes) -> None:
    with camera_bench(read_timeout_s=0.3) as bench:
        bench.network.flood = flood
        bench.until(lambda found: found is CameraFault.UNPLUGGED)
        bench.network.flood = b""
        bench.gives_pictures()
