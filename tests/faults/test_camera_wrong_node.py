"""devices.toml names the node of the camera that carries metadata only.

Device: camera
Resident: (nothing: the camera's other node is taken)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.camera.opencv_camera import OpenCvCamera
from drivers.camera.port import CameraFault
from drivers.status import Action, DeviceState
from tests.drivers.camera.kernel import METADATA, PICTURES, Kernel, capability
from tests.faults.camera_bench import BY_PATH, usb_camera
from tests.faults.resident import staff


async def test_the_node_beside_it(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    kernel.node(0, capability(PICTURES))
    link = kernel.name(kernel.node(1, capability(METADATA), beside=0))
    with usb_camera(kernel, link) as (device, opened):
        status = await device.refresh()
        assert status.ready
        staff(__doc__, status)
        camera = OpenCvCamera(BY_PATH)
        assert camera.open() is None
        assert not isinstance(camera.read(), CameraFault)
        camera.close()
        assert [Path(path).name for path in opened] == ["video0"]


async def test_a_device_without_pictures(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    link = kernel.name(kernel.node(1, capability(METADATA)))
    with usb_camera(kernel, link) as (device, _):
        status = await device.refresh()
        assert (status.device, status.action) == (DeviceState.HARDWARE_ERROR, Action.MAINTENANCE)
        assert "gives no pictures" in status.detail
