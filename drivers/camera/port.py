"""What the face worker asks of any camera."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]  # height x width x 3, BGR


class CameraFault(StrEnum):
    UNPLUGGED = "unplugged"  # cannot be opened, or frames stopped
    TOO_DARK = "too-dark"
    TOO_BRIGHT = "too-bright"  # burnt out, or somebody stands against the light


class Camera(Protocol):
    """Blocking: it lives in a worker process, never on the loop."""

    def open(self) -> CameraFault | None: ...

    def read(self) -> Frame | CameraFault:
        """The newest frame, waiting at most the configured time-out."""

    def close(self) -> None: ...
