"""The default engine: face_recognition (dlib) on the processor. Assistive; see docs/decisions/0006-face-engine.md.

Licence: face_recognition loads a 68-point landmark model when it is imported, and that model's training data (iBUG
300-W) exclude commercial use. `load_api` points it to the 5-point model before the import, so that the 68-point file is
never even read (and may be deleted from an image); every call here says `model="small"` besides. Detector, 5-point
model and encoder are free of such terms.

Import this in a worker process only: dlib uses AVX and ends on an old processor with SIGILL, and face_recognition ends
the process with exit code 0 (`quit()`) when its models are missing.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import math
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.port import Frame
from kiosk.identity.face.engine import Box, Eyes, Sight
from kiosk.identity.face.port import FaceCapabilities
from kiosk.workers.child import WorkerUnfit

Encoding = NDArray[np.float64]  # 128

_NEAR_HEIGHT = 320  # px the frame is reduced to: the detector finds faces from 80 px, a quarter of the frame
_FAR_HEIGHT = 640
_SLICES, _JITTERS = 5, 2  # ten slightly shifted copies of the chip's photo, two at a time
_CHIP_UPSAMPLES = (1, 2)  # a chip photo's face is 70 px high
_PATCH = 96  # px; faces are brought to this size before their sharpness is measured
_SECOND_FACE = 0.6  # of the largest one's height: smaller ones are people behind, or no faces


def preflight() -> str | None:
    """Why the engine cannot be imported (a short code), looked up without importing it; None if it can."""
    for module in ("dlib", "face_recognition", "face_recognition_models", "pkg_resources"):
        if importlib.util.find_spec(module) is None:
            return f"missing-{module}"
    return None


@cache
def load_api() -> Any:
    """`face_recognition.api`, without the 68-point model. Raises `WorkerUnfit`."""
    if (reason := preflight()) is not None:
        raise WorkerUnfit(reason)
    try:
        models: Any = importlib.import_module("face_recognition_models")
        models.pose_predictor_model_location = models.pose_predictor_five_point_model_location
        return importlib.import_module("face_recognition.api")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever keeps it from loading; SystemExit: its `quit()`
        raise WorkerUnfit(f"import-{type(error).__name__}") from None


class DlibEngine:
    """A `FaceEngine`."""

    def __init__(self) -> None:
        self._api = load_api()
        models = importlib.import_module("face_recognition_models")
        path = Path(models.face_recognition_model_location())
        self._hash = hashlib.sha256(path.read_bytes()).hexdigest()[:16]

    def capabilities(self) -> FaceCapabilities:
        return FaceCapabilities("dlib-resnet", version("dlib-bin"), self._hash)

    def look(self, frame: Frame) -> Sight:
        height, width = frame.shape[:2]
        faces = self._faces(frame, _NEAR_HEIGHT)
        if not faces:
            return Sight(width, height)
        largest = faces[0]
        counted = tuple(face for face in faces if face.height >= _SECOND_FACE * largest.height)
        patch = self._patch(frame, largest)
        eyes = self._eyes(frame, largest)
        luma, sharpness = float(patch.mean()), float(cv2.Laplacian(patch, cv2.CV_64F).var())
        patch.fill(0)
        return Sight(width, height, counted, eyes, luma, sharpness)

    def look_far(self, frame: Frame) -> bool:
        return bool(self._faces(frame, _FAR_HEIGHT))

    def reference(self, png: bytes) -> DlibReference | None:
        bgr = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
        if bgr is None:
            return None
        rgb = np.ascontiguousarray(bgr[:, :, ::-1], np.uint8)
        bgr.fill(0)
        for upsamples in _CHIP_UPSAMPLES:
            found = self._api.face_locations(rgb, upsamples)
            if found:
                face = max((Box(*box) for box in found), key=lambda box: box.height)
                return DlibReference(self._api, rgb, face)
        rgb.fill(0)
        return None

    def _faces(self, frame: Frame, to_height: int) -> list[Box]:
        """Largest first, in pixels of the frame."""
        height, width = frame.shape[:2]
        scale = min(1.0, to_height / height)
        grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
        found = self._api.face_locations(small, 0)
        small.fill(0)
        grey.fill(0)
        boxes = [
            Box(
                max(0, round(top / scale)),
                min(width, round(right / scale)),
                min(height, round(bottom / scale)),
                max(0, round(left / scale)),
            )
            for top, right, bottom, left in found
        ]
        return sorted(boxes, key=lambda box: -box.height)

    def _patch(self, frame: Frame, box: Box) -> Frame:
        face = frame[box.top : box.bottom, box.left : box.right]
        grey = cv2.cvtColor(np.ascontiguousarray(face), cv2.COLOR_BGR2GRAY)
        return np.asarray(cv2.resize(grey, (_PATCH, _PATCH), interpolation=cv2.INTER_AREA), np.uint8)

    def _eyes(self, frame: Frame, box: Box) -> Eyes:
        rgb = np.ascontiguousarray(frame[:, :, ::-1])
        points = self._api.face_landmarks(rgb, [box], model="small")[0]
        rgb.fill(0)
        corners = np.array(points["left_eye"] + points["right_eye"], float)
        nose = np.array(points["nose_tip"][0], float)
        left, right = corners[corners[:, 0].argmin()], corners[corners[:, 0].argmax()]
        across = right - left
        square = max(float(across @ across), 1.0)
        middle = (left + right) / 2
        turn = float((nose - left) @ across) / square - 0.5
        return Eyes(float(middle[0]), float(middle[1]), math.sqrt(square), turn)


class DlibReference:
    """A `FaceReference`: the mean encoding of ten slightly shifted copies of the chip's photo.

    One copy would do for a good photograph; with the chip's poor ones, ten halve the false refusals.
    """

    def __init__(self, api: Any, rgb: Frame, face: Box) -> None:
        self._api = api
        self._rgb = rgb
        self._face = face
        self._sum: Encoding = np.zeros(128)
        self._done = 0

    def advance(self) -> bool:
        if self._done < _SLICES:
            encoding = self._api.face_encodings(self._rgb, [self._face], _JITTERS, "small")[0]
            self._sum += encoding
            encoding.fill(0)
            self._done += 1
            if self._done == _SLICES:
                self._rgb.fill(0)
        return self._done >= _SLICES

    def distance(self, frame: Frame, box: Box) -> float:
        rgb = np.ascontiguousarray(frame[:, :, ::-1])
        encoding = self._api.face_encodings(rgb, [box], 1, "small")[0]
        rgb.fill(0)
        encoding -= self._sum / _SLICES
        distance = float(np.linalg.norm(encoding))
        encoding.fill(0)
        return distance

    def wipe(self) -> None:
        self._rgb.fill(0)
        self._sum.fill(0)
        self._done = 0
