"""The default engine, in this process: licence, wiping, and whether it tells people apart at all."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.virtual.photo_codec import VirtualPhotoDecoder, encode_chip_photo
from kiosk.identity.face import dlib_engine
from kiosk.identity.face.config import FaceConfig
from kiosk.identity.face.dlib_engine import DlibEngine, DlibReference
from kiosk.workers.child import WorkerUnfit
from tests.kiosk.identity import people
from tests.kiosk.identity.people import Picture

FACES = Path(__file__).resolve().parents[4] / "shared" / "faces"
ACCEPT = FaceConfig().threshold - FaceConfig().band
REFUSE = FaceConfig().threshold + FaceConfig().band


@pytest.fixture(scope="module")
def engine() -> DlibEngine:
    return DlibEngine()


def prepared(engine: DlibEngine, chip_photo: bytes) -> DlibReference:
    png = VirtualPhotoDecoder().decode(chip_photo)
    assert png is not None
    reference = engine.reference(png)
    assert reference is not None
    while not reference.advance():
        pass
    return reference


def distance(engine: DlibEngine, reference: DlibReference, frame: Picture) -> float:
    sight = engine.look(frame)
    assert sight.faces
    return reference.distance(frame, sight.faces[0])


ONLY_FIVE = """
from kiosk.identity.face.dlib_engine import DlibEngine, load_api
DlibEngine()
api = load_api()
assert "5_face" in api.predictor_68_point_model, api.predictor_68_point_model
assert api.predictor_68_point_model == api.predictor_5_point_model
print("five points only")
"""


def test_the_68_point_model_is_never_loaded() -> None:
    """In a process of its own: another test may have imported the library in its own way."""
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ONLY_FIVE], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "five points only", done.stderr


def test_what_is_missing_is_named_before_anything_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert dlib_engine.preflight() is None
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pkg_resources" else find(name))
    assert dlib_engine.preflight() == "missing-pkg_resources"
    dlib_engine.load_api.cache_clear()
    with pytest.raises(WorkerUnfit, match="missing-pkg_resources"):
        dlib_engine.load_api()


def test_a_library_that_quits_while_it_is_imported_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def quits(_name: str) -> None:
        raise SystemExit

    monkeypatch.setattr(importlib, "import_module", quits)
    dlib_engine.load_api.cache_clear()
    with pytest.raises(WorkerUnfit, match="import-SystemExit"):
        dlib_engine.load_api()


def test_same_and_other_person(engine: DlibEngine) -> None:
    reference = prepared(engine, people.chip(people.astronaut()))
    assert distance(engine, reference, people.before_camera(people.astronaut())) < ACCEPT
    assert distance(engine, reference, people.before_camera(people.another())) > REFUSE


def test_what_it_sees(engine: DlibEngine) -> None:
    here = people.astronaut()
    sight = engine.look(people.before_camera(here))
    assert len(sight.faces) == 1
    assert sight.eyes is not None
    assert abs(sight.eyes.turn) < 0.05
    assert len(engine.look(people.before_camera(here, here, scale=1.47)).faces) == 2
    small = people.before_camera(here, scale=0.8)
    assert not engine.look(small).faces
    assert engine.look_far(small)
    assert not engine.look_far(people.before_camera())
    blurred = np.asarray(cv2.GaussianBlur(people.before_camera(here), (0, 0), 4), np.uint8)
    assert engine.look(blurred).sharpness < sight.sharpness / 4


def test_nothing_is_left_after_wiping(engine: DlibEngine) -> None:
    reference = prepared(engine, people.chip(people.astronaut()))
    arrays = [value for value in vars(reference).values() if isinstance(value, np.ndarray)]
    assert len(arrays) == 2
    assert not reference._rgb.any()  # the picture goes as soon as the encoding is there
    assert reference._sum.any()
    reference.wipe()
    assert not any(array.any() for array in arrays)


def test_no_face_no_reference(engine: DlibEngine) -> None:
    assert engine.reference(b"not a picture") is None
    png = VirtualPhotoDecoder().decode(encode_chip_photo(people.before_camera()))
    assert png is not None
    assert engine.reference(png) is None


# --- real people ----------------------------------------------------------------------------------------------------


def shared_face(name: str) -> Picture:
    picture = cv2.imread(str(FACES / name))
    assert picture is not None
    scale = 480 / picture.shape[0]
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)


def card_of(engine: DlibEngine, frame: Picture) -> bytes:
    """The chip photo of the person on a picture: the face in the proportions of a passport photo."""
    box = engine.look(frame).faces[0]
    middle_x, middle_y, tall = (box.left + box.right) / 2, (box.top + box.bottom) / 2, 1.78 * box.height
    scale = 252 / tall
    move = np.array([[scale, 0, 102 - scale * middle_x], [0, scale, 135 - scale * middle_y]])
    cut = cv2.warpAffine(frame, move, (204, 252), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return encode_chip_photo(np.ascontiguousarray(np.asarray(cut, np.uint8)[:, :, ::-1]))


@pytest.mark.skipif(not FACES.is_dir(), reason="the test portraits (../shared/faces) are not here")
def test_real_people_are_told_apart(engine: DlibEngine) -> None:
    """A sanity check, not an error rate: nobody else is accepted, and the person is not refused."""
    pairs = (("public_domain/p01_a.jpg", "public_domain/p01_b.jpg"), ("mit/Family1-Dad1.jpg", "mit/Family1-Dad3.jpg"))
    others = [shared_face(f"chip_size/{path.name}") for path in sorted((FACES / "chip_size").glob("*.jpg"))[:12]]
    others = [other for other in others if engine.look(other).faces]
    assert len(others) >= 8
    for card, camera in pairs:
        reference = prepared(engine, card_of(engine, shared_face(card)))
        assert distance(engine, reference, shared_face(camera)) < REFUSE
        impostors = [distance(engine, reference, other) for other in others]
        assert min(impostors) > ACCEPT
        assert sum(found > REFUSE for found in impostors) >= 0.9 * len(impostors)
