"""A camera on a test bench: a network camera that can be broken, the face check's loop before it, and the journey."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from content.schema.text import Text
from drivers.camera.opencv_camera import OpenCvCamera
from drivers.camera.port import CameraFault, Frame
from drivers.camera.presence import CameraSource, PresenceTimings
from drivers.camera.v4l2_node import CaptureNode, NodeFault, capture_node
from drivers.status import DeviceStatus
from kiosk.identity.face import worker
from kiosk.identity.face.config import FaceConfig
from kiosk.identity.face.port import FaceOutcome, FaceReason, FaceResult
from kiosk.identity.face.preview import PreviewWriter, SharedPreview
from kiosk.screens import FaceCue
from tests.drivers.camera.kernel import Kernel
from tests.drivers.camera.mjpeg import NetworkCamera, Picture, network_camera
from tests.drivers.camera.waiting import eventually
from tests.kiosk.identity.engines import Anything, SeesNothing
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import FakeFace, House

TIMINGS = PresenceTimings(answer=5.0, device_interval=0.05, network_interval=0.05)
GREY = 120
BY_PATH = "/dev/v4l/by-path/pci-0000:00:14.0-usb-0:1.2:1.0-video-index0"


def plain(level: int = GREY) -> Picture:
    return np.full((120, 160, 3), level, np.uint8)


@dataclass
class CameraBench:
    camera: OpenCvCamera  # as the face worker has it
    network: NetworkCamera

    async def status(self) -> DeviceStatus:
        """What the terminal's own process says of this camera, asked now."""
        return await CameraSource(self.network.url, TIMINGS).refresh()

    def until(self, wanted: Callable[[Frame | CameraFault], object]) -> None:
        """Read until the camera says this."""
        eventually(lambda: wanted(self.camera.read()))

    def check(self, timeout_s: float = 1.0) -> tuple[FaceResult, list[FaceCue]]:
        """A face check with a camera of its own, whose patience is short."""
        self.camera.close()
        return face_check(
            OpenCvCamera(self.network.url, read_timeout_s=0.3, open_timeout_s=1.0, frozen_after_s=0.3), timeout_s
        )

    def gives_pictures(self) -> None:
        self.until(lambda found: not isinstance(found, CameraFault))


@contextmanager
def camera_bench(read_timeout_s: float = 0.5, frozen_after_s: float = 5.0) -> Iterator[CameraBench]:
    with network_camera() as network:
        network.show(plain())
        camera = OpenCvCamera(
            network.url, read_timeout_s=read_timeout_s, open_timeout_s=20, frozen_after_s=frozen_after_s
        )
        try:
            assert camera.open() is None
            yield CameraBench(camera, network)
        finally:
            camera.close()
        assert camera.released


def face_check(camera: OpenCvCamera, timeout_s: float = 1.0) -> tuple[FaceResult, list[FaceCue]]:
    """The face worker's own loop before this camera, with an engine that sees nobody."""
    cues: list[FaceCue] = []
    engine = SeesNothing()
    shared = SharedPreview()
    preview = PreviewWriter(os.dup(shared.fd), mirror=True)
    config = FaceConfig(unplugged_grace_s=0.1)
    with (
        mock.patch.object(engine, "reference", return_value=Anything()),
        mock.patch.object(worker.photo_decoders, "decode", return_value=b"png"),
    ):
        step = worker._Check(config, engine, camera, preview, cues.append)
        try:
            body = step.run(bytearray(b"photo"), timeout_s).body
        finally:
            step.end()
            shared.close()
    reason = FaceReason(body["reason"]) if body["reason"] else None
    return FaceResult(FaceOutcome(body["outcome"]), reason), cues


async def journey_says(folder: Path, result: FaceResult) -> list[Text]:
    """What a resident reads when the face check ends like this; the service is done another way all the same."""
    async with House(folder / "j.sqlite3", World(), Message="other", Keypad=["123456", "135790"]) as house:
        house.face = FakeFace(result)
        await house.certificate()
        assert len(house.world.sheets) == 1
        return [text for screen in house.stage.seen for text in _texts(screen)]


def _texts(screen: object) -> list[Text]:
    found = [getattr(screen, name, None) for name in ("question", "body")]
    return [text for text in found if isinstance(text, Text)]


@contextmanager
def usb_camera(kernel: Kernel, link: Path) -> Iterator[tuple[CameraSource, list[str]]]:
    """A camera by its stable name in a made-up kernel; and the nodes that OpenCV was told to open."""
    opened: list[str] = []

    def node(_path: Path, *_more: Any, **options: Any) -> CaptureNode | NodeFault:
        return capture_node(link, kernel.system, **options)

    def capture(path: str, _api: int) -> FakeCapture:
        opened.append(path)
        return FakeCapture(Path(path))

    with (
        mock.patch("drivers.camera.presence.capture_node", node),
        mock.patch("drivers.camera.sources.capture_node", node),
        mock.patch("drivers.camera.video_source.capture_node", node),
        mock.patch("cv2.VideoCapture", capture),
    ):
        yield CameraSource(BY_PATH, TIMINGS), opened


class FakeCapture:
    """OpenCV's, on a node that may go."""

    def __init__(self, node: Path) -> None:
        self._node = node
        self._count = 0

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self._node.exists()

    def set(self, _what: int, _value: float) -> bool:
        return True

    def grab(self) -> bool:
        self._count += 1
        return self._node.exists()

    def retrieve(self) -> tuple[bool, Picture]:
        return True, plain(GREY + self._count % 2)

    def release(self) -> None: ...
