"""Whether anything can be recognised in this light. Looks at an eighth of the rows and columns: under a millisecond."""

from __future__ import annotations

import cv2
import numpy as np

from drivers.camera.port import CameraFault, Frame

DARK_LUMA = 50  # of 255; when even the brightest twentieth of the picture stays below, nothing can be recognised
BURNT_LUMA = 250
MOST_BURNT = 0.5  # of the picture: the sensor sees nothing but light
BACKLIT_BURNT = 0.2  # of the picture, with its middle
SHADOW_LUMA = 45  # as dark as this


def light(frame: Frame) -> CameraFault | None:
    """TOO_DARK; TOO_BRIGHT also when somebody stands against the light; None when the light is good."""
    grey = cv2.cvtColor(np.ascontiguousarray(frame[::8, ::8]), cv2.COLOR_BGR2GRAY)
    # By the bright parts: somebody well lit before a black wall is not in the dark.
    if float(np.percentile(grey, 95)) < DARK_LUMA:
        return CameraFault.TOO_DARK
    burnt = float(np.mean(grey >= BURNT_LUMA))
    if burnt > MOST_BURNT:
        return CameraFault.TOO_BRIGHT
    height, width = grey.shape
    middle = grey[height // 4 : height - height // 4, width // 3 : width - width // 3]
    if burnt > BACKLIT_BURNT and float(np.median(middle)) < SHADOW_LUMA:
        return CameraFault.TOO_BRIGHT
    return None


def too_dark(frame: Frame) -> bool:
    return light(frame) is CameraFault.TOO_DARK


def sharpness(frame: Frame) -> float:
    """The Laplacian's variance at a third of the size, where the sensor's grain has gone: some hundred for a person
    before a clean lens, near nothing for a covered one."""
    small = cv2.resize(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(small, cv2.CV_64F).var())
