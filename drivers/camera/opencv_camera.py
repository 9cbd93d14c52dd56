"""A camera that always gives the newest picture and notices when it is gone.

A thread of its own takes every picture from the source and drops it unless somebody waits for one, so that nobody ever
sees what was in a buffer a second ago. It also reopens a source that has gone, with growing pauses.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import cv2
import numpy as np
import structlog

from drivers.camera.port import CameraFault, Frame
from drivers.camera.sources import FrameSource, is_device, is_url, open_source, present

log = structlog.get_logger()

DARK_LUMA = 50  # of 255; when even the brightest twentieth of the picture stays below, nothing can be recognised
_BUFFERED_S = 0.0005  # a picture that comes faster than this was lying in a buffer
_MAX_SKIPPED = 8
_PAUSES_S = (0.3, 0.6, 1.2, 2.5, 5.0)


class OpenCvCamera:
    """A `Camera`. `open` → `read`… → `close`; it may be opened again."""

    def __init__(
        self,
        source: str | int | Path,
        width: int = 1280,
        height: int = 720,
        read_timeout_s: float = 1.5,
        open_timeout_s: float = 5.0,
    ) -> None:
        """`source`: a stable device path (/dev/v4l/by-id/…) or number, an MJPEG address, or a video file.

        `width` and `height` are wishes; a device gives what is nearest.
        """
        self._source: str | int = str(source) if isinstance(source, Path) else source
        self._width, self._height = width, height
        self._read_timeout_s = read_timeout_s
        self._open_timeout_s = open_timeout_s
        self._lock = threading.Condition()
        self._wanted = False
        self._frame: Frame | None = None
        self._closing = threading.Event()
        self._live: FrameSource | None = None
        self._thread: threading.Thread | None = None

    def present(self) -> bool:
        """Is the device there? Takes no picture."""
        return present(self._source, self._read_timeout_s)

    def open(self) -> CameraFault | None:
        """None once the first picture has come; a dark one counts. On UNPLUGGED it goes on trying until `close`."""
        if self._thread is None:
            self._closing.clear()
            self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
            self._thread.start()
        first = self._next(self._open_timeout_s)
        if first is None:
            return CameraFault.UNPLUGGED
        first.fill(0)
        return None

    def read(self) -> Frame | CameraFault:
        """The next picture to come, height x width x 3, BGR. It is the caller's: wipe it after use."""
        frame = self._next(self._read_timeout_s)
        if frame is None:
            return CameraFault.UNPLUGGED
        if too_dark(frame):
            frame.fill(0)
            return CameraFault.TOO_DARK
        return frame

    def close(self) -> None:
        """The camera is off when this returns, unless `released` says otherwise."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._closing.set()
        live = self._live
        if live is not None:
            live.interrupt()  # else the thread may wait for a picture that does not come
        thread.join(self._read_timeout_s + 2.5)
        with self._lock:
            if self._frame is not None:
                self._frame.fill(0)
            self._frame, self._wanted = None, False

    @property
    def released(self) -> bool:
        """False while a driver that hangs still holds the device after `close`: only ending the process helps."""
        return self._live is None

    def _next(self, timeout_s: float) -> Frame | None:
        with self._lock:
            self._wanted = True
            self._lock.wait_for(lambda: self._frame is not None, timeout_s)
            frame, self._frame, self._wanted = self._frame, None, False
            return frame

    # --- in the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            self._live = open_source(self._source, self._width, self._height, self._read_timeout_s)
            pictures = 0
            if self._live is not None:
                pictures = self._pump(self._live)
                self._live.close()
                self._live = None
            failures = 0 if pictures else failures + 1
            if self._closing.is_set():
                return
            log.warning("camera_gone", kind=self._kind(), pictures=pictures)
            self._closing.wait(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])

    def _kind(self) -> str:
        """For the log: an address may hold a password."""
        if is_url(self._source):
            return "network"
        return "device" if is_device(self._source) else "file"

    def _pump(self, source: FrameSource) -> int:
        """Take pictures until the source has gone; how many came."""
        pictures = skipped = 0
        while not self._closing.is_set():
            began = time.monotonic()
            if not source.grab():
                break
            pictures += 1
            if time.monotonic() - began < _BUFFERED_S and skipped < _MAX_SKIPPED:
                skipped += 1
                continue
            skipped = 0
            if self._wanted and (frame := source.retrieve()) is not None:
                with self._lock:
                    self._frame, self._wanted = frame, False
                    self._lock.notify_all()
        return pictures


def too_dark(frame: Frame) -> bool:
    """By the bright parts: somebody well lit before a black wall is not in the dark."""
    grey = cv2.cvtColor(np.ascontiguousarray(frame[::8, ::8]), cv2.COLOR_BGR2GRAY)
    return float(np.percentile(grey, 95)) < DARK_LUMA
