"""What the camera loop asks of a face engine. Synchronous: it lives in the face worker's process.

An agency's certified engine implements `FaceEngine` and is named in `FaceConfig.engine`; its thresholds are its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from drivers.camera.port import Frame
from kiosk.identity.face.port import FaceCapabilities


class Box(NamedTuple):
    """A face in pixels of the full frame."""

    top: int
    right: int
    bottom: int
    left: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


class Eyes(NamedTuple):
    """From the outer corners of both eyes, in pixels of the full frame, and the nose."""

    x: float  # middle between them
    y: float
    apart: float
    turn: float  # nose between the corners: 0 ahead, about ±0.08 at 15 degrees


@dataclass(frozen=True)
class Sight:
    """What one frame shows. The quality figures describe the largest face and are empty without one."""

    width: int
    height: int
    faces: tuple[Box, ...] = ()  # largest first
    eyes: Eyes | None = None
    luma: float = 0.0  # mean grey of the face, 0-255
    sharpness: float = 0.0  # variance of the Laplacian of the face at a fixed size


class FaceReference(Protocol):
    """The card's photograph, made comparable."""

    def advance(self) -> bool:
        """Do a slice of the work (below about 0.3 s, so that the preview stays alive); True when all is done."""

    def distance(self, frame: Frame, box: Box) -> float:
        """Dissimilarity of this face to the card's: 0 the same; the engine's own scale."""

    def wipe(self) -> None:
        """Overwrite everything derived from either face."""


class FaceEngine(Protocol):
    def capabilities(self) -> FaceCapabilities: ...

    def look(self, frame: Frame) -> Sight:
        """Faces near enough to be compared, and their quality."""

    def look_far(self, frame: Frame) -> bool:
        """Is there anybody too far away to be compared? Slower; asked now and then when nobody is near."""

    def reference(self, png: bytes) -> FaceReference | None:
        """From the decoded chip photo (PNG); None if no face is found on it."""
