"""Settings of the face check."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class Borderline(StrEnum):
    """What a distance near the threshold means."""

    INCONCLUSIVE = "inconclusive"  # cannot tell: the resident takes another way
    DECIDE = "decide"  # at the threshold itself


@dataclass(frozen=True)
class FaceConfig:
    """Distances are the engine's own; the defaults belong to the default engine (decision 6)."""

    engine: str = "kiosk.identity.face.dlib_engine:DlibEngine"  # "module:factory" of a FaceEngine
    threshold: float = 0.5
    band: float = 0.05  # half the width of the borderline around the threshold
    borderline: Borderline = Borderline.INCONCLUSIVE
    agreeing: int = 2  # frames that must say the same
    max_comparisons: int = 6  # in one check, so that nobody tries until it passes
    stable_frames: int = 3
    camera_width: int = 1280
    camera_height: int = 720
    read_timeout_s: float = 1.5
    unplugged_grace_s: float = 3.0  # how long the camera may be gone in the middle of a check
    mirror: bool = True  # the preview, as people know themselves
    recycle: bool = True  # a new process after every check: the kernel wipes what libraries left in freed memory

    def __post_init__(self) -> None:
        if not 0 <= self.band < self.threshold:
            raise ValueError("the borderline must lie around the threshold")
        if self.agreeing < 1 or self.max_comparisons < self.agreeing:
            raise ValueError("more frames must agree than are compared")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        return cls(**(values | {"borderline": Borderline(values["borderline"])}))
