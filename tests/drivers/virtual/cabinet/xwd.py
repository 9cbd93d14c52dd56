"""Writes xwd files as Xvfb lays them out, from X11's XWDFile.h, for the tests of the reader."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray


def xwd(rgb: NDArray[np.uint8], *, msb_first: bool = False, colours: int = 256, name: bytes = b"test\0") -> bytes:
    """A ZPixmap of depth 24 with 32 bits a pixel."""
    height, width = rgb.shape[:2]
    line = width * 4 + 8  # padded, as servers may
    words = [100 + len(name), 7, 2, 24, width, height, 0, int(msb_first), 32, int(msb_first), 32, 32, line]
    words += [4, 0xFF0000, 0xFF00, 0xFF, 8, colours, colours, width, height, 0, 0, 0]
    pixels = np.zeros((height, line // 4, 4), np.uint8)
    if msb_first:
        pixels[:, :width, 1:] = rgb
    else:
        pixels[:, :width, :3] = rgb[:, :, ::-1]
    return struct.pack(">25I", *words) + name + bytes(12 * colours) + pixels.tobytes()
