"""The camera loop with a made-up camera and engine, in this process: what becomes of the frames."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import pytest

from drivers.camera.port import CameraFault, Frame
from kiosk.identity.face import worker
from kiosk.identity.face.config import FaceConfig
from kiosk.identity.face.engine import Box, Eyes, Sight
from kiosk.identity.face.preview import PreviewWriter, SharedPreview
from kiosk.screens import FaceCue
from kiosk.workers.child import Answer
from tests.kiosk.identity.engines import SeesNothing

FAULTS = {"gone": CameraFault.UNPLUGGED, "dark": CameraFault.TOO_DARK, "bright": CameraFault.TOO_BRIGHT}


class Camera:
    """Plays a script of frames and faults; the last one again and again."""

    def __init__(self, *script: str) -> None:
        self.script = list(script)
        self.given: list[Frame] = []
        self.is_open = False
        self.released = True

    def open(self) -> CameraFault | None:
        self.is_open = True
        return CameraFault.UNPLUGGED if self.script[0] == "gone" else None

    def read(self) -> Frame | CameraFault:
        now = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if now in FAULTS:
            return FAULTS[now]
        frame = np.full((360, 480, 3), ord(now), np.uint8)
        self.given.append(frame)
        return frame

    def close(self) -> None:
        self.is_open = False


class Reference:
    """Distance: 0.2 to person "a", 0.8 to all others."""

    def __init__(self) -> None:
        self.slices = 2
        self.compared: list[str] = []
        self.wiped = False

    def advance(self) -> bool:
        self.slices -= 1
        return self.slices <= 0

    def distance(self, frame: Frame, box: Box) -> float:
        who = chr(frame[0, 0, 0])
        self.compared.append(who)
        if who == "!":
            raise RuntimeError("engine fell over")
        return 0.2 if who == "a" else 0.8

    def wipe(self) -> None:
        self.wiped = True


class Engine(SeesNothing):
    """Every person stands somewhere else; "-" is an empty room."""

    def look(self, frame: Frame) -> Sight:
        who = chr(frame[0, 0, 0])
        if who == "-":
            return Sight(480, 360)
        return Sight(480, 360, (Box(100, 200, 200, 100),), Eyes(3.0 * ord(who), 120, 60, 0), 150, 200)


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[SharedPreview]:
    monkeypatch.setattr(worker, "_PACE_S", 0.0)
    monkeypatch.setattr(worker.photo_decoders, "decode", lambda photo: bytes(photo) or None)
    it = SharedPreview()
    yield it
    it.close()


def check(
    shared: SharedPreview, camera: Camera, reference: Reference, timeout_s: float = 60
) -> tuple[Answer, list[FaceCue]]:
    cues: list[FaceCue] = []
    engine = Engine()
    engine.reference = lambda png: reference  # type: ignore[method-assign]
    config = FaceConfig(unplugged_grace_s=0.0)
    preview = PreviewWriter(os.dup(shared.fd), mirror=True)
    step = worker._Check(config, engine, camera, preview, cues.append)  # type: ignore[arg-type]
    try:
        return step.run(bytearray(b"photo"), timeout_s), cues
    finally:
        step.end()


def all_gone(shared: SharedPreview, camera: Camera, reference: Reference) -> bool:
    frames = any(frame.any() for frame in camera.given)
    return not frames and not camera.is_open and reference.wiped and shared.latest() is None


def test_a_match_and_nothing_left(shared: SharedPreview) -> None:
    camera, reference = Camera("a"), Reference()
    answer, cues = check(shared, camera, reference)
    assert answer.body["outcome"] == "match"
    assert set(answer.body) == {"outcome", "reason", "band", "visible_ms"}  # no score
    assert FaceCue.CHECKING in cues
    assert reference.compared == ["a", "a"]
    assert camera.given
    assert all_gone(shared, camera, reference)


def test_a_change_of_person_starts_again(shared: SharedPreview) -> None:
    """Three frames of "a" allow one comparison; then "z" takes the place, and is the one who is judged."""
    camera, reference = Camera("a", "a", "a", "z"), Reference()
    answer, _cues = check(shared, camera, reference)
    assert answer.body["outcome"] == "no-match"
    assert reference.compared == ["a", "z", "z"]
    assert all_gone(shared, camera, reference)


def test_nobody_collects_matches_across_a_change_of_person(shared: SharedPreview) -> None:
    camera, reference = Camera("a", "a", "a", "z", "z", "z", "a"), Reference()
    answer, _cues = check(shared, camera, reference)
    assert answer.body["outcome"] == "match"
    assert reference.compared == ["a", "z", "a", "a"]  # the first does not count


@pytest.mark.parametrize("light", ["dark", "bright"])
def test_a_gap_starts_again(shared: SharedPreview, light: str) -> None:
    camera, reference = Camera("a", "a", "a", light, "a", "-", "a"), Reference()
    answer, _cues = check(shared, camera, reference)
    assert answer.body["outcome"] == "match"
    assert reference.compared == ["a", "a", "a"]  # the first does not count


@pytest.mark.parametrize("script", [("gone",), ("a", "gone")])
def test_an_unplugged_camera_ends_it(shared: SharedPreview, script: tuple[str, ...]) -> None:
    camera, reference = Camera(*script), Reference()
    answer, _cues = check(shared, camera, reference)
    assert (answer.body["outcome"], answer.body["reason"]) == ("error", "camera-unplugged")
    assert all_gone(shared, camera, reference)


def test_a_failing_engine_leaves_nothing_either(shared: SharedPreview) -> None:
    camera, reference = Camera("!"), Reference()
    with pytest.raises(RuntimeError):
        check(shared, camera, reference)
    assert camera.given
    assert all_gone(shared, camera, reference)


def test_a_driver_that_hangs_ends_the_process(shared: SharedPreview) -> None:
    camera = Camera("a")
    camera.released = False
    with pytest.raises(SystemExit):
        check(shared, camera, Reference())
