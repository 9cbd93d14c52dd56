"""What a phone held before the kiosk's screen sees: the picture of the X display, and the QR code in it.

Xvfb started with `-fbdir DIR` keeps its screen in `DIR/Xvfb_screen0`, a file in the format of xwd (X11's XWDFile.h,
version 7: a header of big-endian 32-bit words, the window's name, the colour map, the pixels). Reading it costs
nothing and needs no X client.
"""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageGrab

Picture = NDArray[np.uint8]  # height x width x 3, BGR

XWD_VERSION = 7
Z_PIXMAP = 2
HEADER_WORDS = 25
COLOUR_ENTRY_BYTES = 12


class NoScreenError(Exception):
    """The kiosk's screen cannot be seen from here."""


def parse_xwd(data: bytes) -> Picture:
    """The pixels of an xwd file of 24 or 32 bits a pixel; raises NoScreenError on anything else."""
    if len(data) < HEADER_WORDS * 4:
        raise NoScreenError("not an xwd file")
    words = struct.unpack_from(f">{HEADER_WORDS}I", data)
    header_bytes, version, pixmap_format, _depth, width, height, _x_offset, byte_order = words[:8]
    bits_per_pixel, bytes_per_line = words[11:13]
    colours = words[19]
    if version != XWD_VERSION or pixmap_format != Z_PIXMAP or bits_per_pixel not in (24, 32):
        raise NoScreenError("unexpected xwd format")
    start = header_bytes + colours * COLOUR_ENTRY_BYTES
    if len(data) < start + bytes_per_line * height:
        raise NoScreenError("xwd file is cut short")
    rows = np.frombuffer(data, np.uint8, bytes_per_line * height, start).reshape(height, bytes_per_line)
    step = bits_per_pixel // 8
    pixels = rows[:, : width * step].reshape(height, width, step)
    # Least significant byte first means B, G, R(, unused); most significant first means (unused,) R, G, B.
    bgr = pixels[:, :, :3] if byte_order == 0 else pixels[:, :, step - 3 :][:, :, ::-1]
    return np.ascontiguousarray(bgr)


def grab(display: str | None, fbdir: Path | None) -> Picture:
    """The kiosk's screen now. Blocking. NoScreenError if neither frame buffer nor display can be read."""
    if fbdir is not None:
        try:
            return parse_xwd((fbdir / "Xvfb_screen0").read_bytes())
        except OSError as error:
            raise NoScreenError(f"frame buffer not readable: {error.strerror}") from error
    if display is None:
        raise NoScreenError("neither --fbdir nor --display was given")
    try:
        image: Image.Image = ImageGrab.grab(xdisplay=display)
    except OSError as error:
        raise NoScreenError("display cannot be opened") from error
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def read_qr(picture: Picture) -> str | None:
    """The text of the QR code on the picture, None if there is none. Blocking (about 0.1 s on a full-HD screen)."""
    detector = cv2.QRCodeDetector()
    for scale in (1.0, 0.5, 1.5):
        seen = picture if scale == 1.0 else cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        try:
            text, _corners, _straight = detector.detectAndDecode(seen)
        except cv2.error:  # some false finds make the decoder itself fail
            continue
        if text:
            return text
    return None
