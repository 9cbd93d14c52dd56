"""The people of the demonstration: faces that belong to nobody's identity card.

The only photograph is NASA's public-domain portrait in scikit-image's wheel. Everybody else is that picture with the
geometry of the face changed (eye distance, nose, mouth, jaw, proportions) and other colours, strongly enough that the
face engine takes them for other people; `tests/drivers/virtual/cabinet/test_faces.py` measures it. A directory of
pictures named by `MENKOU_FACES` gives the stranger a real second face instead.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # height x width x 3, RGB unless said otherwise
Map = NDArray[np.float32]

SIDE = 330  # pixels of a portrait, square, on a plain wall
WALL = (205, 208, 212)  # RGB
HEAD = (162.0, 110.0)  # centre of the head in the portrait
STRANGER = "stranger"

_EYES = ((142.0, 100.0), (188.0, 102.0))
_NOSE = (163.0, 124.0)
_MOUTH = (164.0, 146.0)
_CHIN = (162.0, 168.0)
_BROW = (162.0, 85.0)


@dataclass(frozen=True)
class Shape:
    """How a face differs from the photograph. Sizes are factors - 1 at the centre of the feature, shifts are pixels."""

    eye_width: float = 0
    eye_height: float = 0
    eyes_apart: float = 0
    eyes_down: float = 0
    nose_width: float = 0
    nose_height: float = 0
    nose_down: float = 0
    mouth_width: float = 0
    mouth_height: float = 0
    mouth_down: float = 0
    jaw_width: float = 0
    jaw_height: float = 0
    chin_down: float = 0
    brow_width: float = 0
    brow_down: float = 0
    face_width: float = 1
    face_height: float = 1


@dataclass(frozen=True)
class Look:
    """Colours: hue of the suit in degrees away from orange; brightness and saturation factors of the hair."""

    suit_hue: int = 0
    hair: float = 1
    hair_colour: float = 1


SHAPES: dict[str, tuple[Shape, Look]] = {
    "li": (Shape(), Look()),
    "zhang": (
        Shape(0.3, 0.01, -5.12, 1.1, -0.1, 0.15, 1.71, 0.4, 0.22, -0.13, 0.1, -0.02, -1.55, -0.07, -0.53, 0.95, 0.95),
        Look(suit_hue=170, hair=0.45),
    ),
    "chen": (
        Shape(
            -0.18, -0.16, -0.76, -4, -0.24, 0.15, -5, -0.22, -0.03, -0.29, -0.01, -0.09, 3.81, -0.25, 1.49, 0.96, 0.93
        ),
        Look(suit_hue=250, hair=1.25, hair_colour=0.15),
    ),
    "wang": (
        Shape(
            -0.13, 0.35, 2.28, 2.46, -0.45, -0.03, -3.43, 0.26, -0.1, -2.44, 0.01, 0.02, -0.51, 0.24, 3.48, 0.9, 1.01
        ),
        Look(suit_hue=110, hair=0.6),
    ),
    STRANGER: (
        Shape(0.22, 0.16, -5.85, -0.03, -0.38, 0.21, 0.41, -0.11, 0.31, -3.92, -0.07, 0.2, -0.6, 0.2, 0.63, 0.97, 1.02),
        Look(suit_hue=205, hair=0.35),
    ),
}


@cache
def _photograph() -> tuple[Picture, NDArray[np.float32]]:
    """The portrait and its outline (0 wall … 1 person)."""
    from skimage import data  # only the simulator needs scikit-image, and it is slow to import

    crop: Picture = np.ascontiguousarray(np.asarray(data.astronaut(), np.uint8)[:SIDE, 60 : 60 + SIDE])  # type: ignore[no-untyped-call]
    mask = np.full((SIDE, SIDE), cv2.GC_PR_BGD, np.uint8)
    cv2.ellipse(mask, (160, 115), (75, 105), 0, 0, 360, cv2.GC_PR_FGD, -1)
    cv2.ellipse(mask, (160, 118), (42, 60), 0, 0, 360, cv2.GC_FGD, -1)
    mask[215:, 40:300] = cv2.GC_PR_FGD
    mask[250:, 70:250] = cv2.GC_FGD
    mask[:8] = mask[:180, :60] = mask[:180, 260:] = mask[:252, :22] = mask[200:, 299:] = cv2.GC_BGD
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(1)
    cv2.grabCut(crop[:, :, ::-1].copy(), mask, (0, 0, 0, 0), background, foreground, 5, cv2.GC_INIT_WITH_MASK)
    person = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(person)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    outline = cv2.GaussianBlur((labels == largest).astype(np.float32), (0, 0), 1.5)
    return crop, outline.astype(np.float32)


def _grid() -> tuple[Map, Map]:
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    return x, y


def _reshape(shape: Shape) -> tuple[Map, Map]:
    """For cv2.remap: where each pixel of the new face comes from."""
    x, y = _grid()
    from_x, from_y = x.copy(), y.copy()

    def feature(
        centre: tuple[float, float], spread: tuple[float, float], width: float, height: float, right: float, down: float
    ) -> None:
        near = np.exp(-(((x - centre[0]) / spread[0]) ** 2 + ((y - centre[1]) / spread[1]) ** 2) / 2)
        from_x[:] -= near * ((x - centre[0]) * width + right)
        from_y[:] -= near * ((y - centre[1]) * height + down)

    s = shape
    feature(_EYES[0], (13, 10), s.eye_width, s.eye_height, -s.eyes_apart, s.eyes_down)
    feature(_EYES[1], (13, 10), s.eye_width, s.eye_height, s.eyes_apart, s.eyes_down)
    feature(_NOSE, (12, 16), s.nose_width, s.nose_height, 0, s.nose_down)
    feature(_MOUTH, (20, 10), s.mouth_width, s.mouth_height, 0, s.mouth_down)
    feature(_CHIN, (45, 22), s.jaw_width, s.jaw_height, 0, s.chin_down)
    feature(_BROW, (50, 18), s.brow_width, 0, 0, s.brow_down)
    middle_x, middle_y = 162, 120
    return (from_x - middle_x) / s.face_width + middle_x, (from_y - middle_y) / s.face_height + middle_y


def _colour(picture: Picture, look: Look) -> Picture:
    if look == Look():
        return picture
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV).astype(np.float32)
    x, y = _grid()
    hue, saturation = hsv[:, :, 0], hsv[:, :, 1]
    suit = (y > 175) & (hue < 15) & (saturation > 120)
    hsv[:, :, 0] = np.where(suit, (hue + look.suit_hue / 2) % 180, hue)  # OpenCV counts hue in two degrees
    hsv[:, :, 1] = np.where(suit, saturation * 0.7, saturation)
    around, inside = ((x - 166) / 80) ** 2 + ((y - 80) / 75) ** 2, ((x - 165) / 42) ** 2 + ((y - 128) / 52) ** 2
    scalp = around < 1
    face = 1 / (1 + np.exp(np.clip((inside - 1) * 6, -50, 50)))
    hair = cv2.GaussianBlur((scalp * (1 - face)).astype(np.float32), (0, 0), 3)
    hsv[:, :, 2] = np.clip(hsv[:, :, 2] * (1 + (look.hair - 1) * hair), 0, 255)
    hsv[:, :, 1] = np.clip(hsv[:, :, 1] * (1 + (look.hair_colour - 1) * hair), 0, 255)
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)


@cache
def portrait(person: str) -> Picture:
    """The person before a plain wall, SIDE x SIDE pixels RGB. An unknown name gets the photograph itself. Blocking."""
    if person == STRANGER and (given := _given_face()) is not None:
        return given
    shape, look = SHAPES.get(person, SHAPES["li"])
    picture, outline = _photograph()
    coloured = _colour(picture, look).astype(np.float32)
    wall = np.full_like(coloured, WALL)
    on_wall = coloured * outline[:, :, None] + wall * (1 - outline[:, :, None])
    from_x, from_y = _reshape(shape)
    shaped = cv2.remap(on_wall.astype(np.uint8), from_x, from_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shaped, np.uint8)


def _given_face() -> Picture | None:
    """A picture from MENKOU_FACES, cut to a square with the face where `portrait` has it."""
    folder = os.environ.get("MENKOU_FACES")
    if not folder:
        return None
    for path in sorted(p for p in Path(folder).glob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png")):
        bgr = cv2.imread(str(path))
        if bgr is None:
            continue
        finder = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))
        found = finder.detectMultiScale(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), 1.1, 6, minSize=(60, 60))
        if len(found) == 0:
            continue
        x, y, width, height = max(found, key=lambda box: int(box[2]))
        # Haar boxes are about 1.05 x as wide as the eyes-to-chin box: 100 pixels put the face at HEAD.
        scale = 100 / width
        move = np.array(
            [[scale, 0, HEAD[0] - scale * (x + width / 2)], [0, scale, HEAD[1] + 10 - scale * (y + height / 2)]]
        )
        cut = cv2.warpAffine(bgr, move, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
        return np.ascontiguousarray(np.asarray(cut, np.uint8)[:, :, ::-1])
    return None


@cache
def turned(person: str, degrees: int) -> Picture:
    """The portrait with the head turned by `degrees` (positive: to the right of the picture, the person's own left).

    The head is taken as a rounded solid with a nose, and every point moves sideways by its depth times the sine of the
    angle, so that nose, eyes and outline move against each other as they do on a real head and not on a photograph.
    """
    picture = portrait(person)
    if degrees == 0:
        return picture
    x, y = _grid()
    sine = float(np.sin(np.radians(degrees)))
    from_x = x.copy()
    for _ in range(4):  # the depth belongs to the point that is looked for: fixed-point iteration
        round_off = ((from_x - HEAD[0]) / 72) ** 2 + ((y - HEAD[1]) / 92) ** 2
        nose = np.exp(-(((from_x - _NOSE[0]) / 10) ** 2 + ((y - _NOSE[1] - 4) / 14) ** 2) / 2)
        depth = 44 * np.clip(1 - round_off, 0, 1) + 20 * nose
        from_x = (x - depth * sine).astype(np.float32)
    return np.asarray(cv2.remap(picture, from_x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def chip_portrait(person: str) -> Picture:
    """Head and shoulders as on an identity card: 126 x 102 pixels, RGB."""
    cut = portrait(person)[8:230, 72:252]  # 222 x 180: the card's own proportions
    return np.asarray(cv2.resize(cut, (102, 126), interpolation=cv2.INTER_AREA), np.uint8)
