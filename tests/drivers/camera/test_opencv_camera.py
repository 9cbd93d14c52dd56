from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.camera.exposure import too_dark
from drivers.camera.mjpeg_source import MjpegSource
from drivers.camera.opencv_camera import OpenCvCamera
from drivers.camera.port import Camera, CameraFault, Frame
from drivers.camera.sources import FrameSource
from tests.drivers.camera.mjpeg import NetworkCamera, Picture, jpeg, network_camera
from tests.drivers.camera.waiting import eventually

GREY = 120


def plain(level: int) -> Picture:
    return np.full((120, 160, 3), level, np.uint8)


@pytest.fixture
def network() -> Iterator[NetworkCamera]:
    with network_camera() as camera:
        camera.show(plain(GREY))
        yield camera


@pytest.fixture
def camera(network: NetworkCamera) -> Iterator[OpenCvCamera]:
    it = OpenCvCamera(network.url, read_timeout_s=0.8, open_timeout_s=20)
    yield it
    it.close()


def level(frame: Frame | CameraFault) -> int:
    assert not isinstance(frame, CameraFault), frame
    return round(float(frame.mean()))


def test_it_gives_pictures(camera: OpenCvCamera) -> None:
    port: Camera = camera
    assert port.open() is None
    frame = port.read()
    assert not isinstance(frame, CameraFault)
    assert frame.shape == (120, 160, 3)
    assert abs(level(frame) - GREY) <= 1


def test_only_the_newest_picture_counts(camera: OpenCvCamera, network: NetworkCamera) -> None:
    camera.open()
    camera.read()
    before = network.served
    eventually(lambda: network.served > before + 20)  # nobody reads meanwhile
    network.show(plain(200))
    after = network.served
    eventually(lambda: network.served > after + 1)
    assert abs(level(camera.read()) - 200) <= 1


def test_every_picture_is_read_once(camera: OpenCvCamera, network: NetworkCamera) -> None:
    camera.open()
    first, second = camera.read(), camera.read()
    assert first is not second
    network.stalled.set()
    time.sleep(0.2)
    camera.read()  # one may still be on its way
    assert camera.read() is CameraFault.UNPLUGGED


def test_too_dark(camera: OpenCvCamera, network: NetworkCamera) -> None:
    network.show(plain(12))
    assert camera.open() is None
    assert camera.read() is CameraFault.TOO_DARK
    network.show(plain(GREY))
    eventually(lambda: camera.read() is not CameraFault.TOO_DARK)


def test_a_bright_face_before_a_black_wall_is_not_dark() -> None:
    frame = plain(2)
    frame[30:90, 50:110] = 140
    assert not too_dark(frame)
    assert too_dark(plain(30))


def test_unplugged_and_plugged_in_again(camera: OpenCvCamera, network: NetworkCamera) -> None:
    camera.open()
    assert camera.present()
    network.unplugged.set()
    eventually(lambda: camera.read() is CameraFault.UNPLUGGED)
    assert not camera.present()
    network.unplugged.clear()
    eventually(lambda: not isinstance(camera.read(), CameraFault))


def test_a_camera_that_was_never_there(network: NetworkCamera) -> None:
    network.unplugged.set()
    for source in (network.url, "http://127.0.0.1:1/", "/dev/v4l/by-id/menkou-none", 977, Path("/nowhere/video.avi")):
        camera = OpenCvCamera(source, read_timeout_s=0.5, open_timeout_s=0.5)
        assert not camera.present()
        assert camera.open() is CameraFault.UNPLUGGED
        camera.close()
        assert camera.released


def test_after_closing_nobody_watches_and_it_can_be_opened_again(camera: OpenCvCamera, network: NetworkCamera) -> None:
    for _ in range(2):
        assert camera.open() is None
        assert network.watchers == 1
        camera.close()
        assert camera.released
        assert network.wait_unwatched()
    camera.close()


def test_closing_does_not_wait_for_a_stream_that_stalls(network: NetworkCamera) -> None:
    camera = OpenCvCamera(network.url, read_timeout_s=3600, open_timeout_s=20)
    camera.open()
    network.stalled.set()
    time.sleep(0.2)  # the thread waits for a picture now
    camera.close()
    assert camera.released


class _Slow:
    """A driver that hangs in opening, the first time; and how many threads have the device at once."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.opened = 0
        self.open_now = 0

    def open_source(self, *_: object) -> FrameSource:
        self.opened += 1
        if self.opened == 1:
            self.go.wait(30)
        self.open_now += 1
        return _Noise(self)


class _Noise:
    def __init__(self, system: _Slow) -> None:
        self._system = system

    def grab(self) -> bool:
        time.sleep(0.01)
        return True

    def retrieve(self) -> Frame:
        return np.random.default_rng().integers(60, 200, (40, 40, 3), dtype=np.uint8)

    def interrupt(self) -> None: ...

    def close(self) -> None:
        self._system.open_now -= 1


def test_a_driver_that_hangs_in_opening_is_not_released(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = _Slow()
    monkeypatch.setattr("drivers.camera.opencv_camera.open_source", slow.open_source)
    camera = OpenCvCamera("/dev/video9", read_timeout_s=0.1, open_timeout_s=0.1)
    monkeypatch.setattr("drivers.camera.opencv_camera._END_S", 0.1)
    assert camera.open() is CameraFault.UNPLUGGED
    camera.close()
    assert not camera.released, "its thread still has the device"
    assert camera.open() is CameraFault.UNPLUGGED
    assert slow.opened == 1, "no second thread on the same device"
    slow.go.set()
    eventually(lambda: camera.released)
    assert slow.open_now == 0, "the one that came too late has closed it"
    eventually(lambda: camera.open() is None)
    assert (slow.opened, slow.open_now) == (2, 1)
    camera.close()
    assert camera.released
    assert slow.open_now == 0


def test_a_head_that_drips_holds_nobody() -> None:
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not ended.wait(0.02):
                    connection.sendall(b"a")

        server = threading.Thread(target=drip)
        server.start()
        found: list[MjpegSource | None] = []
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        asking = threading.Thread(target=lambda: found.append(MjpegSource.open(address, 0.3)), daemon=True)
        asking.start()
        asking.join(20)
        given_up = not asking.is_alive()
        ended.set()
        server.join()
    assert given_up
    assert found == [None]


@pytest.mark.parametrize(
    ("level", "fault"), [(0, CameraFault.TOO_DARK), (255, CameraFault.TOO_BRIGHT)], ids=["covered", "burnt"]
)
def test_nothing_but_black_or_white_is_no_frozen_camera(network: NetworkCamera, level: int, fault: CameraFault) -> None:
    camera = OpenCvCamera(network.url, read_timeout_s=5, open_timeout_s=20, frozen_after_s=0.2)
    network.freeze(plain(level))
    assert camera.open() is None
    first = network.served
    found = {camera.read()}
    while network.served < first + 25:  # five times as long
        found.add(camera.read())
    camera.close()
    assert found == {fault}


@pytest.mark.parametrize("data", [b"not a picture", b"\xff\xd8\xff" + bytes(50)])
def test_damaged_pictures_are_left_out(camera: OpenCvCamera, network: NetworkCamera, data: bytes) -> None:
    camera.open()
    network.show_bytes(data)
    eventually(lambda: camera.read() is CameraFault.UNPLUGGED)
    network.show_bytes(jpeg(plain(GREY)))
    eventually(lambda: not isinstance(camera.read(), CameraFault))


def test_a_recording_plays_once_and_ends(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (160, 120))
    for _ in range(25):
        writer.write(plain(GREY))
    writer.release()
    camera = OpenCvCamera(path, read_timeout_s=0.25, open_timeout_s=20)
    assert camera.present()
    assert camera.open() is None
    assert abs(level(camera.read()) - GREY) <= 2
    eventually(lambda: camera.read() is CameraFault.UNPLUGGED)
    for _ in range(4):
        assert camera.read() is CameraFault.UNPLUGGED, "it does not begin again"
    camera.close()
    assert camera.open() is None, "but when the camera is opened anew"
    camera.close()


def test_a_frozen_picture_is_no_picture(network: NetworkCamera) -> None:
    camera = OpenCvCamera(network.url, read_timeout_s=0.5, open_timeout_s=20, frozen_after_s=0.4)
    network.freeze(plain(GREY))
    assert camera.open() is None
    eventually(lambda: camera.read() is CameraFault.UNPLUGGED)
    assert camera.read() is CameraFault.UNPLUGGED, "opening it again does not make it alive"
    network.show(plain(GREY))
    eventually(lambda: not isinstance(camera.read(), CameraFault))
    for _ in range(20):
        assert not isinstance(camera.read(), CameraFault), "a picture that flickers in one corner is alive"
    camera.close()


def test_too_bright(camera: OpenCvCamera, network: NetworkCamera) -> None:
    network.show(plain(255))
    assert camera.open() is None
    assert camera.read() is CameraFault.TOO_BRIGHT
    network.show(plain(GREY))
    eventually(lambda: camera.read() is not CameraFault.TOO_BRIGHT)


def test_a_camera_that_is_not_a_camera(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no video")
    for source in (text, "/dev/null", "http://127.0.0.1:99999/"):
        camera = OpenCvCamera(source, read_timeout_s=0.2, open_timeout_s=0.3)
        assert camera.open() is CameraFault.UNPLUGGED
        camera.close()


def test_the_log_never_shows_the_address(capsys: pytest.CaptureFixture[str]) -> None:
    camera = OpenCvCamera("http://user:hunter2@127.0.0.1:1/", read_timeout_s=0.2, open_timeout_s=0.5)
    camera.open()
    camera.close()
    said = capsys.readouterr()
    assert "camera_gone" in said.out + said.err
    assert "hunter2" not in said.out + said.err
