from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from drivers.virtual.photo_codec import MAGIC, SIZE, VirtualPhotoDecoder, encode_chip_photo


@pytest.fixture(scope="module")
def portrait() -> NDArray[np.uint8]:
    return np.ascontiguousarray(data.astronaut()[0:252, 120:324])


def test_it_is_a_chip_photo_of_its_own_kind(portrait: NDArray[np.uint8]) -> None:
    photo = encode_chip_photo(portrait)
    assert len(photo) == SIZE
    assert photo.startswith(MAGIC)
    assert not photo.startswith(b"WLf")
    length = int.from_bytes(photo[4:6], "big")
    assert 800 < length <= 1018  # the space is used
    assert photo[6:10] == b"RIFF"
    assert photo[6 + length :] == bytes(SIZE - 6 - length)


def test_the_picture_comes_back_in_colour(portrait: NDArray[np.uint8]) -> None:
    png = VirtualPhotoDecoder().decode(encode_chip_photo(portrait))
    assert png is not None
    picture = Image.open(io.BytesIO(png))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (102, 126))
    small = Image.fromarray(portrait).resize((102, 126))
    assert np.abs(np.asarray(picture, float) - np.asarray(small, float)).mean() < 15


@pytest.mark.parametrize("shape", [(40, 400), (400, 40), (126, 102), (600, 480)])
def test_any_shape_is_cut_not_squeezed(portrait: NDArray[np.uint8], shape: tuple[int, int]) -> None:
    picture = np.asarray(Image.fromarray(portrait).resize((shape[1], shape[0])))
    assert VirtualPhotoDecoder().decode(encode_chip_photo(np.ascontiguousarray(picture))) is not None


def test_even_noise_fits() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (252, 204, 3), np.uint8)
    assert len(encode_chip_photo(noise)) == SIZE


@given(st.binary(max_size=SIZE + 8) | st.binary(max_size=SIZE - 6).map(lambda b: (MAGIC + b"\1\0" + b).ljust(SIZE)))
def test_other_bytes_are_not_decoded(photo: bytes) -> None:
    assert VirtualPhotoDecoder().decode(photo) is None


def test_a_licensed_photo_is_not_ours() -> None:
    assert VirtualPhotoDecoder().decode(b"WLf".ljust(SIZE, b"\7")) is None


def test_a_damaged_photo_never_raises(portrait: NDArray[np.uint8]) -> None:
    photo = bytearray(encode_chip_photo(portrait))
    for position in range(6, 1000, 37):
        damaged = photo.copy()
        damaged[position] ^= 0xFF
        VirtualPhotoDecoder().decode(bytes(damaged))  # another picture, or None
    assert VirtualPhotoDecoder().decode(bytes(photo[:4] + b"\0\4" + photo[6:])) is None
