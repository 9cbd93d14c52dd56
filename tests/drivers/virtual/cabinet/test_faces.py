"""The face engine itself says who is who: a wrong-person demonstration must not depend on luck."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from drivers.virtual.cabinet import cards, faces
from drivers.virtual.cabinet.camera_stream import TURN_DEGREES, Pose, Scene, Who, render
from drivers.virtual.photo_codec import VirtualPhotoDecoder, encode_chip_photo

pytest.importorskip("skimage", reason="scikit-image is not installed")

PEOPLE = tuple(faces.SHAPES)
SAME = 0.5  # distances of the engine: under it the same person, over OTHER surely somebody else
OTHER = 0.57


@pytest.fixture(scope="module")
def engine() -> Any:
    import face_recognition

    return face_recognition


@cache
def seen(who: Who, person: str, pose: Pose, t: float = 0.0) -> np.ndarray:
    return np.ascontiguousarray(render(Scene(who, person, pose), t)[:, :, ::-1])


def located(engine: Any, rgb: np.ndarray) -> list[tuple[int, ...]]:
    small = cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return [tuple(2 * side for side in place) for place in engine.face_locations(small, 0)]


def encoded(engine: Any, rgb: np.ndarray) -> np.ndarray:
    places = located(engine, rgb)
    assert len(places) == 1
    return np.asarray(engine.face_encodings(rgb, places, 1, "small")[0])


def from_chip(engine: Any, person: str) -> np.ndarray:
    png = VirtualPhotoDecoder().decode(encode_chip_photo(faces.chip_portrait(person)))
    assert png is not None
    photo = np.asarray(Image.open(io.BytesIO(png)).convert("RGB").resize((306, 378), Image.Resampling.BICUBIC))
    places = engine.face_locations(photo, 1)
    assert len(places) == 1
    return np.asarray(engine.face_encodings(photo, places, 1, "small")[0])


def test_everybody_matches_their_own_chip_and_nobody_elses(engine: Any) -> None:
    live = {person: encoded(engine, seen(Who.HOLDER, person, Pose.FRONT)) for person in PEOPLE}
    chips = {person: from_chip(engine, person) for person in PEOPLE}
    for card_person, chip in chips.items():
        for live_person, face in live.items():
            distance = float(np.linalg.norm(chip - face))
            if card_person == live_person:
                assert distance < SAME, (card_person, distance)
            else:
                assert distance > OTHER, (card_person, live_person, distance)


def test_the_stranger_is_nobody_with_a_card() -> None:
    assert faces.STRANGER not in {card.person for card in cards.CARDS}


@pytest.mark.parametrize("person", ["li", "chen"])
def test_a_turned_head_moves_the_nose_between_the_eyes(engine: Any, person: str) -> None:
    def nose(pose: Pose) -> float:
        rgb = seen(Who.HOLDER, person, pose)
        points = engine.face_landmarks(rgb, located(engine, rgb), "small")[0]
        eyes = [x for eye in ("left_eye", "right_eye") for x, _ in points[eye]]
        return (points["nose_tip"][0][0] - min(eyes)) / (max(eyes) - min(eyes))

    left, front, right = nose(Pose.LEFT), nose(Pose.FRONT), nose(Pose.RIGHT)
    assert left - front > 0.075  # the person's own left is the right of the picture
    assert front - right > 0.075


def test_scenes_show_what_they_say(engine: Any) -> None:
    assert len(located(engine, seen(Who.TWO, "li", Pose.FRONT))) == 2
    assert len(located(engine, seen(Who.PHOTO, "li", Pose.FRONT, 1.0))) == 1
    assert located(engine, seen(Who.NOBODY, "li", Pose.FRONT)) == []
    assert seen(Who.DARK, "li", Pose.FRONT).mean() < 20


def test_the_picture_lives() -> None:
    one, other = seen(Who.HOLDER, "li", Pose.FRONT, 0.0), seen(Who.HOLDER, "li", Pose.FRONT, 0.3)
    assert np.abs(one.astype(int) - other).mean() > 1


def test_auto_turns_both_ways_and_looks_ahead_first() -> None:
    turned = faces.turned("li", TURN_DEGREES), faces.turned("li", -TURN_DEGREES)
    assert not np.array_equal(*turned)
    front, auto = seen(Who.HOLDER, "li", Pose.FRONT, 1.0), seen(Who.HOLDER, "li", Pose.AUTO, 1.0)
    assert np.array_equal(front, auto)
    assert not np.array_equal(seen(Who.HOLDER, "li", Pose.FRONT, 3.5), seen(Who.HOLDER, "li", Pose.AUTO, 3.5))
    assert not np.array_equal(seen(Who.HOLDER, "li", Pose.AUTO, 3.5), seen(Who.HOLDER, "li", Pose.AUTO, 7.2))
