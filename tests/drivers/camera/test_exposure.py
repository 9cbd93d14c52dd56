from __future__ import annotations

import numpy as np
import pytest

from drivers.camera.exposure import light, sharpness
from drivers.camera.port import CameraFault, Frame
from drivers.virtual.cabinet import faces
from drivers.virtual.cabinet.camera_stream import Scene, Trouble, Who, render


def room(level: int, face: int) -> Frame:
    frame = np.full((480, 640, 3), level, np.uint8)
    frame[100:430, 200:440] = face
    return frame


@pytest.mark.parametrize(
    ("frame", "fault"),
    [
        (room(120, 120), None),
        (room(5, 140), None),  # a face well lit before a black wall
        (room(255, 130), CameraFault.TOO_BRIGHT),
        (room(255, 20), CameraFault.TOO_BRIGHT),
        (room(180, 20), None),  # dark hair or skin before a light wall is nobody's fault
        (room(240, 100), None),
        (room(12, 12), CameraFault.TOO_DARK),
        (room(0, 0), CameraFault.TOO_DARK),
        (room(255, 255), CameraFault.TOO_BRIGHT),
    ],
)
def test_light(frame: Frame, fault: CameraFault | None) -> None:
    assert light(frame) is fault


def test_a_small_window_behind_a_person_is_no_fault() -> None:
    frame = room(110, 120)
    frame[:200, :150] = 255
    assert light(frame) is None


def test_somebody_before_a_bright_window() -> None:
    frame = room(60, 18)
    frame[:, :180] = 255
    assert light(frame) is CameraFault.TOO_BRIGHT


@pytest.fixture(scope="module")
def faces_there() -> None:
    try:
        faces.portrait("li")
    except (ImportError, OSError) as error:
        pytest.skip(f"no faces: {type(error).__name__}")


@pytest.mark.parametrize("who", [Who.HOLDER, Who.OTHER, Who.PHOTO, Who.TWO, Who.NOBODY])
def test_the_virtual_camera_s_light_is_good(faces_there: None, who: Who) -> None:
    assert light(render(Scene(who), 1.0)) is None


@pytest.mark.parametrize(
    ("scene", "fault"),
    [
        (Scene(Who.DARK), CameraFault.TOO_DARK),
        (Scene(Who.HOLDER, trouble=Trouble.COVERED), CameraFault.TOO_DARK),
        (Scene(Who.HOLDER, trouble=Trouble.BRIGHT), CameraFault.TOO_BRIGHT),
        (Scene(Who.HOLDER, trouble=Trouble.BACKLIT), CameraFault.TOO_BRIGHT),
    ],
)
def test_the_virtual_camera_s_bad_light(faces_there: None, scene: Scene, fault: CameraFault) -> None:
    assert light(render(scene, 1.0)) is fault


def test_sharpness(faces_there: None) -> None:
    person, covered = (render(Scene(Who.HOLDER, trouble=t), 1.0) for t in (Trouble.NONE, Trouble.COVERED))
    assert sharpness(person) > 3 * sharpness(covered)
