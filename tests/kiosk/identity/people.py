"""Faces for the tests: NASA's public-domain portrait from scikit-image, and people made of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from drivers.virtual.photo_codec import encode_chip_photo

Picture = NDArray[np.uint8]

WIDTH, HEIGHT = 640, 480


def astronaut() -> Picture:
    """RGB, head and shoulders, 330 x 330."""
    return np.ascontiguousarray(data.astronaut()[0:330, 60:390])


def another() -> Picture:
    """The portrait with the geometry of the face changed until it is somebody else's (distance about 0.65)."""
    picture = astronaut()
    y, x = np.mgrid[0:330, 0:330].astype(np.float32)
    from_x, from_y = x.copy(), y.copy()

    def change(
        cx: float, cy: float, rx: float, ry: float, wider: float, taller: float, right: float, down: float
    ) -> None:
        near = np.exp(-(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2) / 2)
        from_x[:] -= near * ((x - cx) * wider + right)
        from_y[:] -= near * ((y - cy) * taller + down)

    change(142, 100, 13, 10, -0.13, 0.35, -2.5, 2.5)  # eyes
    change(188, 102, 13, 10, -0.13, 0.35, 2.5, 2.5)
    change(163, 124, 12, 16, -0.45, -0.05, 0, -3.5)  # nose
    change(164, 146, 20, 10, 0.3, -0.1, 0, -2.5)  # mouth
    change(162, 85, 50, 18, 0.25, 0, 0, 3.5)  # brow
    from_x = (from_x - 162) / 0.88 + 162
    shaped = cv2.remap(picture, from_x, from_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shaped, np.uint8)


def chip(rgb: Picture) -> bytes:
    return encode_chip_photo(np.ascontiguousarray(rgb[8:230, 72:252]))


def before_camera(*people: Picture, scale: float = 1.96, brightness: float = 1.0) -> Picture:
    """640 x 480, BGR: the people side by side; the face of one at scale 1.96 is 38 % of the height."""
    width = WIDTH // max(1, len(people))
    parts = []
    for rgb in people:
        move = np.array([[scale, 0, width / 2 - scale * 162], [0, scale, HEIGHT * 0.47 - scale * 110]])
        parts.append(
            cv2.warpAffine(rgb, move, (width, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        )
    scene = np.hstack(parts) if parts else np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    return np.asarray(cv2.convertScaleAbs(scene[:, :, ::-1], alpha=brightness), np.uint8)
