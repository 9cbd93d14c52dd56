"""V4L2 devices and video files as sources of pictures, through OpenCV."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np

from drivers.camera.port import Frame
from drivers.camera.v4l2_node import KERNEL, NodeFault, VideoSystem, capture_node


class VideoSource:
    """What OpenCV reads; a `FrameSource`."""

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture

    def grab(self) -> bool:
        return bool(self._capture.grab())

    def retrieve(self) -> Frame | None:
        ok, frame = self._capture.retrieve()
        return np.asarray(frame, np.uint8) if ok else None

    def interrupt(self) -> None:
        """OpenCV has no way; its own time-out ends the wait."""

    def close(self) -> None:
        self._capture.release()


def open_device(path: str, width: int, height: int, system: VideoSystem = KERNEL) -> VideoSource | NodeFault:
    """`path` is followed anew each time: after re-plugging a stable name may lead to another number."""
    node = capture_node(Path(path), system)
    if isinstance(node, NodeFault):
        return node
    capture = cv2.VideoCapture(node.path, cv2.CAP_V4L2)
    if not capture.isOpened():
        capture.release()
        return NodeFault.BROKEN
    # Compressed on the cable: USB 2 does not carry 720p at 30 pictures a second otherwise.
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return VideoSource(capture)


class FileSource(VideoSource):
    """A recording, played once at its own speed; its end is the end of the camera."""

    def __init__(self, capture: cv2.VideoCapture) -> None:
        super().__init__(capture)
        self._pause = 1 / min(max(capture.get(cv2.CAP_PROP_FPS), 1.0), 120.0)
        self._due = time.monotonic()

    @classmethod
    def open(cls, path: str) -> FileSource | None:
        if not Path(path).is_file():
            return None
        capture = cv2.VideoCapture(path)
        if not capture.isOpened():
            capture.release()
            return None
        return cls(capture)

    def grab(self) -> bool:
        time.sleep(max(0.0, self._due - time.monotonic()))
        self._due = max(self._due + self._pause, time.monotonic())
        return super().grab()
