"""Engines that face checks of the tests are given in place of the real one."""

from __future__ import annotations

from drivers.camera.port import Frame
from kiosk.identity.face.engine import Sight
from kiosk.identity.face.port import FaceCapabilities
from kiosk.workers.child import WorkerUnfit


class Missing:
    def __init__(self) -> None:
        raise WorkerUnfit("missing-dlib")


class SeesNothing:
    """Starts at once."""

    def capabilities(self) -> FaceCapabilities:
        return FaceCapabilities("sees-nothing", "1", "0" * 16, ("none",))

    def look(self, frame: Frame) -> Sight:
        return Sight(frame.shape[1], frame.shape[0])

    def look_far(self, frame: Frame) -> bool:
        return False

    def reference(self, png: bytes) -> None:
        return None
