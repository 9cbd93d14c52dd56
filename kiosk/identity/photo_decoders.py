"""From the chip's 1,024 photo bytes to a picture.

The chip's format is closed: an agency brings the licensed decoder as a Python package that declares an entry point in
the group `menkou.photo_decoders`, a class or function which, called without arguments, gives a `PhotoDecoder`. Without
one that knows the bytes there is no reference picture, and the face check is not offered; the other ways are.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Protocol

import structlog

log = structlog.get_logger()

GROUP = "menkou.photo_decoders"


class PhotoDecoder(Protocol):
    def decode(self, chip_photo: bytes) -> bytes | None:
        """PNG of the portrait; None if these bytes are in a format it does not know."""


def names() -> tuple[str, ...]:
    """Names of the installed decoders; nothing is loaded."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


@cache
def installed() -> tuple[tuple[str, PhotoDecoder], ...]:
    """The decoders that load, by name. One that does not is reported and left out: another may know the format."""
    found: list[tuple[str, PhotoDecoder]] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            found.append((point.name, point.load()()))
        except Exception as error:  # noqa: BLE001 - somebody else's package, often with a native library
            log.warning("photo_decoder_not_loaded", decoder=point.name, error=type(error).__name__)
    return tuple(found)


def decode(chip_photo: bytes) -> bytes | None:
    """PNG from the first decoder that knows these bytes; None if none does.

    Run it in a worker process: a decoder may be a native library, and may crash.
    """
    for name, decoder in installed():
        try:
            png = decoder.decode(chip_photo)
        except Exception as error:  # noqa: BLE001 - as above; the text may quote what it was given
            log.warning("photo_decoder_failed", decoder=name, error=type(error).__name__)
            continue
        if png is not None:
            return png
    return None
