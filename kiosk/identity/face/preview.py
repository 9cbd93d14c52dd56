"""The resident's picture of themselves, from the face worker to the screen without a copy over a pipe.

Two slots in anonymous shared memory (memfd): no name in /dev/shm that another program could open, nothing left behind
whoever dies first. Each slot carries its picture's number before and after the pixels, so that a reader who was
overtaken notices. Both sides can wipe it; the kiosk does so whatever became of the worker.

    u64 number of the newest picture (0: none) | slot 0 | slot 1
    slot: u64 number | pixels, RGB | u64 number
"""

from __future__ import annotations

import mmap
import os
import struct

import cv2
import numpy as np

from drivers.camera.port import Frame
from kiosk.screens import PreviewFrame

WIDTH, HEIGHT = 480, 360
_PIXELS = WIDTH * HEIGHT * 3
_NUMBER = struct.Struct("<Q")
_SLOT = _PIXELS + 2 * _NUMBER.size
SIZE = _NUMBER.size + 2 * _SLOT


class _Shared:
    def __init__(self, fd: int) -> None:
        self._memory = mmap.mmap(fd, SIZE)
        self._memory.madvise(mmap.MADV_DONTDUMP)

    def wipe(self) -> None:
        self._memory[:] = bytes(SIZE)

    def _number(self, offset: int) -> int:
        return int(_NUMBER.unpack_from(self._memory, offset)[0])


def _slot(number: int) -> int:
    return _NUMBER.size + (number % 2) * _SLOT


class SharedPreview(_Shared):
    """The kiosk's side: a `kiosk.screens.PreviewSource`."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("menkou-preview", os.MFD_CLOEXEC)
        os.ftruncate(self.fd, SIZE)
        super().__init__(self.fd)

    def latest(self) -> PreviewFrame | None:
        """480 x 360 RGB; None before the first picture, after the check, and after `close`."""
        if self._memory.closed:
            return None
        for _ in range(3):
            number = self._number(0)
            if number == 0:
                return None
            start = _slot(number)
            before = self._number(start)
            pixels = self._memory[start + _NUMBER.size : start + _NUMBER.size + _PIXELS]
            if before == number == self._number(start + _NUMBER.size + _PIXELS):
                return PreviewFrame(WIDTH, HEIGHT, pixels)
        return None  # overtaken three times: the next screen refresh asks again

    def close(self) -> None:
        self.wipe()
        self._memory.close()
        os.close(self.fd)


class PreviewWriter(_Shared):
    """The worker's side."""

    def __init__(self, fd: int, *, mirror: bool) -> None:
        super().__init__(fd)
        os.close(fd)
        self._mirror = mirror
        self._last = 0

    def show(self, frame: Frame) -> None:
        """The middle of a frame (height x width x 3, BGR), cut to 4:3 and reduced."""
        height, width = frame.shape[:2]
        wide, tall = min(width, height * WIDTH // HEIGHT), min(height, width * HEIGHT // WIDTH)
        left, top = (width - wide) // 2, (height - tall) // 2
        small = cv2.resize(frame[top : top + tall, left : left + wide], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        if self._mirror:
            small = cv2.flip(small, 1)
        self._put(np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8))

    def show_dark(self) -> None:
        """Black, so that an old picture does not stand still in the dark."""
        self._put(np.zeros((HEIGHT, WIDTH, 3), np.uint8))

    def wipe(self) -> None:
        super().wipe()
        self._last = 0

    def _put(self, rgb: Frame) -> None:
        self._last += 1
        start = _slot(self._last)
        end = start + _NUMBER.size + _PIXELS
        _NUMBER.pack_into(self._memory, start, self._last)
        self._memory[start + _NUMBER.size : end] = rgb.tobytes()
        _NUMBER.pack_into(self._memory, end, self._last)
        _NUMBER.pack_into(self._memory, 0, self._last)
