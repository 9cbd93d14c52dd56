"""Another program has the camera.

Device: camera
Resident: 摄像头断开了 请用短信加密码继续，办理结果一样。
Staff: maintenance
"""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

from drivers.camera.opencv_camera import OpenCvCamera
from drivers.camera.port import CameraFault
from drivers.status import Action, DeviceState
from kiosk.identity.face.port import FaceReason
from kiosk.journeys import texts
from tests.drivers.camera.kernel import PICTURES, Kernel, capability
from tests.drivers.link.waiting import until
from tests.faults.camera_bench import BY_PATH, TIMINGS, face_check, usb_camera
from tests.faults.resident import sees, staff


async def test_held(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    link = kernel.name(kernel.node(0, capability(PICTURES)))
    kernel.held["video0"] = errno.EBUSY
    with usb_camera(kernel, link) as (device, opened):
        assert (await device.refresh()).device is DeviceState.BUSY
        assert device.status.action is Action.NONE, "our own face check has it for a while, too"
        camera = OpenCvCamera(BY_PATH, open_timeout_s=0.3)
        assert camera.present()
        result, _ = face_check(camera)
        assert result.reason is FaceReason.CAMERA_UNPLUGGED
        assert camera.open() is CameraFault.UNPLUGGED
        camera.close()
        assert opened == [], "nobody else's camera is touched"
        sees(__doc__, texts.FACE_CAMERA_LOST, texts.FACE_OTHER_WAY_BODY)


async def test_held_for_longer_than_any_check(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    link = kernel.name(kernel.node(0, capability(PICTURES)))
    kernel.held["video0"] = errno.EBUSY
    with usb_camera(kernel, link) as (device, _):
        device.timings = replace(TIMINGS, use=0.2)
        await device.open()
        await until(lambda: device.status.action is Action.MAINTENANCE)
        staff(__doc__, device.status)
        assert "another process" in device.status.detail
        kernel.held.clear()
        await until(lambda: device.status.ready)
        await device.close()
