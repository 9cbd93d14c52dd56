from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest import mock

import pytest

from drivers.camera.device import CameraDevice
from drivers.camera.mjpeg_address import MjpegAddress
from drivers.camera.presence import CameraSource, PresenceTimings
from drivers.camera.v4l2_node import CaptureNode, NodeFault
from drivers.status import Action, DeviceState
from tests.drivers.camera.mjpeg import network_camera
from tests.drivers.link.waiting import until

TIMINGS = PresenceTimings(answer=5.0, device_interval=0.05, network_interval=0.05)
GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n"


@asynccontextmanager
async def server(answer: bytes | None) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Says this to whoever asks, or nothing; what was asked."""
    asked: list[bytes] = []
    release = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        if answer is None:
            await release.wait()
        else:
            writer.write(answer)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}", asked
    finally:
        release.set()
        listening.close()


async def test_a_network_camera() -> None:
    async with server(GOOD) as (where, asked):
        port: CameraDevice = CameraSource(f"http://user:hunter2@{where}/live?x=1", TIMINGS)
        status = await port.refresh()
        assert (status.device, status.action, status.detail) == (DeviceState.ONLINE, Action.NONE, "")
        assert asked[0].startswith(b"GET /live?x=1 HTTP/1.1\r\n")
        assert b"Authorization: Basic dXNlcjpodW50ZXIy\r\n" in asked[0]


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (b"HTTP/1.1 503 Unplugged\r\n\r\n", "503"),
        (b"HTTP/1.1 401 No\r\n\r\n", "name and password"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", "no motion JPEG"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "does not answer"),
        (b"", "does not answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000, "does not answer"),
        (None, "does not answer"),
    ],
)
async def test_a_network_camera_in_trouble(answer: bytes | None, detail: str) -> None:
    async with server(answer) as (where, _):
        device = CameraSource(f"http://{where}/", PresenceTimings(answer=5.0 if answer is not None else 0.5))
        status = await device.refresh()
        assert (status.device, status.action) == (DeviceState.NO_DEVICE, Action.MAINTENANCE)
        assert detail in status.detail
        assert where not in status.detail


async def test_it_takes_no_picture_and_follows_the_plug() -> None:
    with network_camera() as camera:
        device = CameraSource(camera.url, TIMINGS)
        await device.open()
        assert device.status.ready
        camera.unplugged.set()
        await until(lambda: device.status.device is DeviceState.NO_DEVICE)
        camera.unplugged.clear()
        await until(lambda: device.status.ready)
        assert device.status.counters["lost"] == 1
        await device.close()
        assert device.status.device is DeviceState.OFFLINE
        await asyncio.to_thread(camera.wait_unwatched)


@pytest.mark.parametrize("source", ["http://127.0.0.1:99999/", "http://[::1/", "http://", "https://127.0.0.1:1/"])
async def test_addresses_that_are_none(source: str) -> None:
    status = await CameraSource(source, TIMINGS).refresh()
    assert status.device is DeviceState.NO_DEVICE
    assert status.detail


async def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    device = CameraSource(str(path), TIMINGS)
    assert (await device.refresh()).device is DeviceState.NO_DEVICE
    path.touch()
    assert (await device.refresh()).ready


async def test_a_device_that_is_none() -> None:
    assert (await CameraSource("/dev/v4l/by-path/none", TIMINGS).refresh()).device is DeviceState.NO_DEVICE
    status = await CameraSource("/dev/null", TIMINGS).refresh()
    assert (status.device, status.detail) == (DeviceState.HARDWARE_ERROR, NodeFault.NO_CAMERA.value)


async def test_a_driver_that_hangs_is_waited_for_once() -> None:
    release, asked = threading.Event(), []

    def hang(*_: object) -> CaptureNode:
        asked.append(1)
        release.wait(20)
        return CaptureNode("/dev/video0", "Camera")

    with mock.patch("drivers.camera.presence.capture_node", hang):
        device = CameraSource("/dev/video0", PresenceTimings(answer=0.1, device_interval=0.02))
        await device.open()
        assert (device.status.device, device.status.action) == (DeviceState.HARDWARE_ERROR, Action.MAINTENANCE)
        await device.refresh()
        assert len(asked) == 1
        release.set()
        await until(lambda: device.status.ready)
        assert device.status.identity == "Camera"
        await device.close()


async def test_a_bug_in_the_look_is_not_ready(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    path.touch()
    device = CameraSource(str(path), TIMINGS)
    assert (await device.refresh()).ready
    with mock.patch("drivers.camera.presence._is_file", side_effect=RuntimeError("bug")):
        status = await device.refresh()
    assert (status.device, status.action) == (DeviceState.HARDWARE_ERROR, Action.MAINTENANCE)
    assert "RuntimeError" in status.detail
    assert (await device.refresh()).ready


async def test_opened_twice_and_closed_twice(tmp_path: Path) -> None:
    device = CameraSource(str(tmp_path), TIMINGS)
    before = len(asyncio.all_tasks())
    for _ in range(2):
        await device.open()
        await device.open()
        await device.close()
        await device.close()
    assert len(asyncio.all_tasks()) == before


async def test_the_log_tells_changes_only_and_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    async with server(GOOD) as (where, _):
        device = CameraSource(f"http://user:hunter2@{where}/", TIMINGS)
        for _ in range(5):
            await device.refresh()
    said = capsys.readouterr().out
    assert said.count("camera_status") == 1
    assert "hunter2" not in said
    assert where not in said


def test_opencv_is_not_loaded() -> None:
    script = "import sys, drivers.camera.plugin, drivers.camera.trial; sys.exit('cv2' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "target"),
    [
        ("http://cam/", "cam", 80, False, "/"),
        ("https://cam:8443", "cam", 8443, True, "/"),
        ("http://[::1]:81/a?b=c", "::1", 81, False, "/a?b=c"),
    ],
)
def test_addresses(url: str, host: str, port: int, tls: bool, target: str) -> None:
    address = MjpegAddress.parse(url)
    assert address is not None
    assert (address.host, address.port, address.tls, address.target) == (host, port, tls, target)
    assert host not in repr(address)
