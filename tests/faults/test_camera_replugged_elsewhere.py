"""The camera is pulled out and plugged into another socket: it comes back as another /dev/video.

Device: camera
Resident: (nothing, when it is back before the next check; else 摄像头断开了)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.camera.opencv_camera import OpenCvCamera
from drivers.camera.port import CameraFault
from drivers.status import DeviceState
from kiosk.journeys import texts
from tests.drivers.camera.kernel import PICTURES, Kernel, capability
from tests.drivers.camera.waiting import eventually
from tests.drivers.link.waiting import until
from tests.faults.camera_bench import BY_PATH, usb_camera
from tests.faults.resident import sees, staff


async def test_the_status_follows(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    node = kernel.node(0, capability(PICTURES))
    link = kernel.name(node)
    with usb_camera(kernel, link) as (device, _):
        await device.open()
        assert device.status.ready
        assert device.status.identity == "HD Pro Webcam C920"
        node.unlink()
        await until(lambda: device.status.device is DeviceState.NO_DEVICE)
        staff(__doc__, device.status)
        kernel.name(kernel.node(3, capability(PICTURES)))
        await until(lambda: device.status.ready)
        assert device.status.counters["lost"] == 1
        await device.close()
        sees(__doc__, texts.FACE_CAMERA_LOST)


def test_pictures_come_back(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    node = kernel.node(0, capability(PICTURES))
    link = kernel.name(node)
    with usb_camera(kernel, link) as (_, opened):
        camera = OpenCvCamera(BY_PATH, read_timeout_s=0.2)
        assert camera.open() is None
        node.unlink()
        eventually(lambda: camera.read() is CameraFault.UNPLUGGED)
        kernel.name(kernel.node(3, capability(PICTURES)))
        eventually(lambda: not isinstance(camera.read(), CameraFault))
        camera.close()
        assert [Path(path).name for path in opened] == ["video0", "video3"]
