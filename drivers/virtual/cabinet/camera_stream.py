"""The virtual camera: a scene that moves a little, as motion JPEG over HTTP (multipart/x-mixed-replace)."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.virtual.cabinet import faces, paper

Picture = NDArray[np.uint8]

WIDTH, HEIGHT = 640, 480
BOUNDARY = "frame"
MEDIA_TYPE = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
TURN_DEGREES = 20
BURNT = 230  # added to every pixel
PERSON_SCALE = 1.96  # a portrait fills the picture; the face is 38 % of its height


class Who(StrEnum):
    NOBODY = "nobody"
    HOLDER = "holder"  # the person of the card that was laid last
    OTHER = "other"
    PHOTO = "photo"  # the holder's photograph held before the camera: no depth
    TWO = "two"
    PAPER = "paper"  # a paper lies under the camera
    DARK = "dark"
    UNPLUGGED = "unplugged"


class Trouble(StrEnum):
    """What is wrong with the camera or its light, whoever stands before it."""

    NONE = "none"
    BRIGHT = "bright"  # the sun shines into the lens: burnt out
    BACKLIT = "backlit"  # a bright window behind
    COVERED = "covered"  # something sticks on the lens
    FROZEN = "frozen"  # the same picture for ever
    STALLED = "stalled"  # connected, and no picture comes


class Pose(StrEnum):
    """Left and right are the person's own."""

    FRONT = "front"  # looks ahead, moving as little as a living person can
    AUTO = "auto"  # looks ahead, turns left, looks ahead, turns right: for a kiosk that asks for it
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True)
class Scene:
    who: Who = Who.NOBODY
    person: str = "li"  # who the holder is
    pose: Pose = Pose.FRONT
    trouble: Trouble = Trouble.NONE


# The automatic pose: (until second, degrees). One round takes 8 seconds.
_ROUND = ((2.4, 0), (2.8, 10), (4.0, TURN_DEGREES), (4.4, 10), (6.0, 0), (6.4, -10), (7.6, -TURN_DEGREES), (8.0, -10))


def _degrees(pose: Pose, t: float) -> int:
    if pose is Pose.AUTO:
        within = t % _ROUND[-1][0]
        return next(degrees for until, degrees in _ROUND if within < until)
    return {Pose.FRONT: 0, Pose.LEFT: TURN_DEGREES, Pose.RIGHT: -TURN_DEGREES}[pose]


def _stand(picture: Picture, t: float, width: int, scale: float) -> Picture:
    """Put a portrait into a picture of `width` x HEIGHT, swaying as people do."""
    sway_x, sway_y = 7 * math.sin(t * 1.1) + 3 * math.sin(t * 2.7), 4 * math.sin(t * 0.9 + 1)
    size = scale * (1 + 0.015 * math.sin(t * 0.7))
    move = cv2.getRotationMatrix2D(faces.HEAD, 1.5 * math.sin(t * 0.8), size)
    move[0, 2] += width / 2 - faces.HEAD[0] + sway_x
    move[1, 2] += HEIGHT * 0.47 - faces.HEAD[1] + sway_y
    return np.asarray(
        cv2.warpAffine(picture, move, (width, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def _photo(person: str, t: float) -> Picture:
    """A print with a white border, held up and tilted: everything on it moves together."""
    print_ = cv2.copyMakeBorder(
        faces.portrait(person)[:250, 40:290], 14, 14, 14, 14, cv2.BORDER_CONSTANT, None, (250,) * 3
    )
    side = print_.shape[0]
    squeeze = 0.06 * math.sin(t * 0.9) * side
    corners = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32)
    held = corners * 1.55 + np.array([320 - side * 0.775, 250 - side * 0.775], np.float32)
    held[:2, 1] += (squeeze, -squeeze)
    held[2:, 1] += (squeeze, -squeeze)
    held += np.array([8 * math.sin(t), 5 * math.sin(t * 1.3)], np.float32)
    room = np.full((HEIGHT, WIDTH, 3), faces.WALL, np.uint8)
    matrix = cv2.getPerspectiveTransform(corners, held.astype(np.float32))
    return np.asarray(cv2.warpPerspective(print_, matrix, (WIDTH, HEIGHT), room, borderMode=cv2.BORDER_TRANSPARENT))


def _against_the_light(rgb: Picture) -> Picture:
    """The person as a shadow before a window."""
    shadow = np.asarray(cv2.convertScaleAbs(rgb, alpha=0.1), np.uint8)
    window = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    window[HEIGHT // 8 :, WIDTH // 4 : WIDTH - WIDTH // 4] = shadow[HEIGHT // 8 :, WIDTH // 4 : WIDTH - WIDTH // 4]
    return window


def render(scene: Scene, t: float) -> Picture:
    """What the camera sees `t` seconds into the scene: HEIGHT x WIDTH x 3, BGR. Blocking, about 5 ms."""
    degrees = _degrees(scene.pose, t)
    brightness = 1 + 0.02 * math.sin(t * 3.1)
    match scene.who:
        case Who.HOLDER | Who.DARK:
            rgb = _stand(faces.turned(scene.person, degrees), t, WIDTH, PERSON_SCALE)
        case Who.OTHER:
            rgb = _stand(faces.turned(faces.STRANGER, degrees), t, WIDTH, PERSON_SCALE)
        case Who.PHOTO:
            rgb = _photo(scene.person, t)
        case Who.TWO:
            left = _stand(faces.turned(scene.person, degrees), t, WIDTH // 2, PERSON_SCALE * 0.75)
            right = _stand(faces.turned(faces.STRANGER, 0), t + 3, WIDTH // 2, PERSON_SCALE * 0.75)
            rgb = np.hstack([left, right])
        case Who.PAPER:
            rgb = paper.on_the_tray(WIDTH, HEIGHT)
        case _:
            rgb = np.full((HEIGHT, WIDTH, 3), faces.WALL, np.uint8)
    if scene.who is Who.DARK:
        brightness *= 0.06
    if scene.trouble is Trouble.COVERED:
        rgb = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    elif scene.trouble is Trouble.BACKLIT:
        rgb = _against_the_light(rgb)
    bright = cv2.convertScaleAbs(rgb, alpha=brightness, beta=BURNT if scene.trouble is Trouble.BRIGHT else 0)
    grain = np.random.default_rng(int(t * 1000)).integers(0, 7, (HEIGHT // 2, WIDTH // 2), np.uint8)
    grain_full = cv2.resize(grain, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.add(cv2.cvtColor(bright, cv2.COLOR_RGB2BGR), cv2.merge([grain_full] * 3)), np.uint8)


def _jpeg(scene: Scene, t: float) -> bytes:
    _ok, data = cv2.imencode(".jpg", render(scene, t), (cv2.IMWRITE_JPEG_QUALITY, 85))
    return data.tobytes()


class CameraStream:
    """One renderer for all who watch; it rests while nobody does."""

    def __init__(self, fps: float) -> None:
        self._pause = 1 / fps
        self._scene = Scene()
        self._since = time.monotonic()
        self._watchers: list[float | None] = []  # frames a second, None: full speed
        self._latest: tuple[float, bytes] | None = None
        self._lock = asyncio.Lock()
        self.failure = ""  # why there are no faces, if there are none

    @property
    def scene(self) -> Scene:
        return self._scene

    @property
    def watchers(self) -> int:
        return len(self._watchers)

    @property
    def kiosk_watches(self) -> bool:
        """The page looks at a slower stream."""
        return None in self._watchers

    async def start(self) -> None:
        """Load the faces (about 2 seconds in a thread). Without them the camera still shows an empty room."""
        try:
            await asyncio.to_thread(faces.portrait, "li")
        except (ImportError, OSError) as error:
            self.failure = f"no faces: {type(error).__name__}"

    def show(self, scene: Scene) -> None:
        if self.failure and scene.who not in (Who.NOBODY, Who.PAPER, Who.UNPLUGGED):
            scene = Scene(Who.NOBODY, scene.person, trouble=scene.trouble)
        self._scene = scene
        self._since = time.monotonic()
        self._latest = None

    async def still(self) -> bytes | None:
        """One JPEG, None while the camera is unplugged."""
        if self._scene.who is Who.UNPLUGGED:
            return None
        async with self._lock:
            now = time.monotonic()
            if self._latest is None or (
                self._scene.trouble is not Trouble.FROZEN and now - self._latest[0] >= self._pause * 0.9
            ):
                self._latest = (now, await asyncio.to_thread(_jpeg, self._scene, now - self._since))
            return self._latest[1]

    async def parts(self, fps: float | None = None) -> AsyncIterator[bytes]:
        """The body of the multipart stream, at full speed or slower; ends when the camera is unplugged."""
        pause = max(self._pause, 1 / fps) if fps else self._pause
        self._watchers.append(fps)
        try:
            while (data := await self.still()) is not None:
                if self._scene.trouble is not Trouble.STALLED:
                    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                    yield head.encode() + data + b"\r\n"
                await asyncio.sleep(pause)
        finally:
            self._watchers.remove(fps)
