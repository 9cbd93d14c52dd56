"""Engines that face checks of the tests are given in place of the real one."""

from __future__ import annotations

from drivers.camera.port import Frame
from kiosk.identity.face.engine import Box, Eyes, FaceReference, Sight
from kiosk.identity.face.port import FaceCapabilities
from kiosk.workers.child import WorkerUnfit


class Missing:
    def __init__(self) -> None:
        raise WorkerUnfit("missing-dlib")


class Anything:
    """A reference that costs nothing."""

    def advance(self) -> bool:
        return True

    def distance(self, frame: Frame, box: Box) -> float:
        return 0.0

    def wipe(self) -> None:
        """There is nothing."""


class SeesNothing:
    """Starts at once."""

    def capabilities(self) -> FaceCapabilities:
        return FaceCapabilities("sees-nothing", "1", "0" * 16, ("none",))

    def look(self, frame: Frame) -> Sight:
        return Sight(frame.shape[1], frame.shape[0])

    def look_far(self, frame: Frame) -> bool:
        return False

    def reference(self, png: bytes) -> FaceReference | None:
        return None


class Quick(SeesNothing):
    """Takes any photo for a face, a picture with contrast for a person, and everybody for the holder."""

    def look(self, frame: Frame) -> Sight:
        height, width = frame.shape[:2]
        if frame.std() < 20:
            return Sight(width, height)
        return Sight(width, height, (Box(100, 200, 200, 100),), Eyes(150, 130, height / 5, 0), 150, 200)

    def reference(self, png: bytes) -> FaceReference | None:
        return Anything()
