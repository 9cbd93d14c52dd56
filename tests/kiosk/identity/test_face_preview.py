from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import pytest

from kiosk.identity.face.preview import HEIGHT, SIZE, WIDTH, PreviewWriter, SharedPreview
from kiosk.screens import PreviewSource


@pytest.fixture
def shared() -> Iterator[SharedPreview]:
    it = SharedPreview()
    yield it
    it.close()


def writer(shared: SharedPreview, *, mirror: bool = True) -> PreviewWriter:
    return PreviewWriter(os.dup(shared.fd), mirror=mirror)


def raw(shared: SharedPreview) -> bytes:
    return os.pread(shared.fd, SIZE, 0)


def test_nothing_before_the_first_picture(shared: SharedPreview) -> None:
    source: PreviewSource = shared
    assert source.latest() is None


@pytest.mark.parametrize("shape", [(480, 640), (720, 1280), (1280, 720), (360, 480), (100, 90)])
def test_pictures_of_any_shape_are_shown_in_rgb_and_mirrored(shared: SharedPreview, shape: tuple[int, int]) -> None:
    frame = np.zeros((*shape, 3), np.uint8)
    frame[:, : shape[1] // 2] = (0, 0, 255)  # red, BGR, on the left
    frame[:, shape[1] // 2 :] = (255, 0, 0)
    for mirror in (True, False):
        writer(shared, mirror=mirror).show(frame)
        picture = shared.latest()
        assert picture is not None
        rgb = np.frombuffer(picture.rgb, np.uint8).reshape(HEIGHT, WIDTH, 3)
        red_is_left = tuple(rgb[HEIGHT // 2, 20]) == (255, 0, 0)
        assert red_is_left is not mirror


def test_the_newest_of_many(shared: SharedPreview) -> None:
    it = writer(shared)
    for level in range(1, 8):
        it.show(np.full((360, 480, 3), level, np.uint8))
        picture = shared.latest()
        assert picture is not None
        assert set(picture.rgb) == {level}
    it.show_dark()
    picture = shared.latest()
    assert picture is not None
    assert set(picture.rgb) == {0}


@pytest.mark.parametrize("side", ["kiosk", "worker"])
def test_wiping_leaves_nothing_and_it_goes_on_afterwards(shared: SharedPreview, side: str) -> None:
    it = writer(shared)
    for level in (100, 200):
        it.show(np.full((360, 480, 3), level, np.uint8))
    assert any(raw(shared))
    (shared if side == "kiosk" else it).wipe()
    assert shared.latest() is None
    assert not any(raw(shared))
    it.show(np.full((360, 480, 3), 50, np.uint8))
    assert shared.latest() is not None


def test_a_torn_picture_is_not_shown(shared: SharedPreview) -> None:
    it = writer(shared)
    it.show(np.full((360, 480, 3), 9, np.uint8))
    os.pwrite(shared.fd, (3).to_bytes(8, "little"), 8 + WIDTH * HEIGHT * 3 + 16)  # the writer is in this slot again
    assert shared.latest() is None


def test_a_screen_that_still_looks_after_the_end_sees_nothing() -> None:
    shared = SharedPreview()
    shared.close()
    assert shared.latest() is None
