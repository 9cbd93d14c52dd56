from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from drivers.virtual.photo_codec import encode_chip_photo
from kiosk.identity import photo_decoders


class Broken:
    def decode(self, chip_photo: bytes) -> bytes | None:
        raise RuntimeError("native library fell over")


class Knows:
    def decode(self, chip_photo: bytes) -> bytes | None:
        return b"png" if chip_photo == b"mine" else None


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    photo_decoders.installed.cache_clear()
    yield
    photo_decoders.installed.cache_clear()


def install(monkeypatch: pytest.MonkeyPatch, **points: str) -> None:
    found = [EntryPoint(name, f"{__name__}:{value}", photo_decoders.GROUP) for name, value in points.items()]
    monkeypatch.setattr(photo_decoders, "entry_points", lambda group: found if group == photo_decoders.GROUP else [])


def test_the_virtual_cards_photo_is_decoded_through_the_declared_entry_point() -> None:
    photo = encode_chip_photo(np.full((126, 102, 3), 128, np.uint8))
    png = photo_decoders.decode(photo)
    assert png is not None
    assert png.startswith(b"\x89PNG")
    assert "virtual-webp" in photo_decoders.names()


def test_an_unknown_format_has_no_picture() -> None:
    assert photo_decoders.decode(b"WLf".ljust(1024, b"\1")) is None


def test_no_decoder_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    assert photo_decoders.names() == ()
    assert photo_decoders.decode(b"mine") is None


def test_one_that_fails_does_not_stop_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, a="Missing", b="Broken", c="Knows")
    assert photo_decoders.names() == ("a", "b", "c")
    assert photo_decoders.decode(b"mine") == b"png"
    assert photo_decoders.decode(b"other") is None
