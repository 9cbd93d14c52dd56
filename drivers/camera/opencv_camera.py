"""A camera that always gives the newest picture and notices when it is gone.

A thread of its own takes every picture from the source and drops it unless somebody waits for one, so that nobody ever
sees what was in a buffer a second ago. It also reopens a source that has gone, with growing pauses.
"""

from __future__ import annotations

import threading
import time
import zlib
from pathlib import Path

import structlog

from drivers.camera.exposure import light
from drivers.camera.port import CameraFault, Frame
from drivers.camera.sources import FrameSource, SourceKind, kind_of, open_source, present

log = structlog.get_logger()

_BUFFERED_S = 0.0005  # a picture that comes faster than this was lying in a buffer
_MAX_SKIPPED = 8
_MOST_STILL = 5  # pictures of a camera that is frozen, before it is opened again
_END_S = 2.5  # what `close` gives the thread beyond the wait for a picture
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
        frozen_after_s: float = 5.0,
        any_light: bool = False,
    ) -> None:
        """`source`: a stable device path (/dev/v4l/by-id/…) or number, an MJPEG address, or a video file.

        `width` and `height` are wishes; a device gives what is nearest. A sensor is never still: a camera that sends
        the same picture for `frozen_after_s` works no more, whatever it says, and counts as unplugged. `any_light`:
        what is too dark or too bright for a face is given too; a sheet of paper is nothing but white.
        """
        self._any_light = any_light
        self._source: str | int = str(source) if isinstance(source, Path) else source
        self._width, self._height = width, height
        self._read_timeout_s = read_timeout_s
        self._open_timeout_s = open_timeout_s
        self._still = _Stillness(frozen_after_s)
        self._lock = threading.Condition()
        self._wanted = False
        self._frame: Frame | None = None
        self._closing = threading.Event()  # the thread's own: the next one has another
        self._live: FrameSource | None = None
        self._thread: threading.Thread | None = None

    def present(self) -> bool:
        """Is the device there? Takes no picture."""
        return present(self._source, self._read_timeout_s)

    def open(self) -> CameraFault | None:
        """None once the first picture has come; a dark one counts. On UNPLUGGED it goes on trying until `close`.

        UNPLUGGED too, and nothing is tried, while it is not `released`: two threads would share one device."""
        if self._closed and not self.released:
            return CameraFault.UNPLUGGED
        if self._closed:
            self._closing = threading.Event()
            self._still.forget()
            self._thread = threading.Thread(target=self._run, args=(self._closing,), name="camera", daemon=True)
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
        if not self._any_light and (fault := light(frame)) is not None:
            frame.fill(0)
            return fault
        return frame

    def close(self) -> None:
        """The camera is off when this returns, unless `released` says otherwise."""
        thread = self._thread
        if thread is None or self._closed:
            return
        self._closing.set()
        live = self._live
        if live is not None:
            live.interrupt()  # else the thread may wait for a picture that does not come
        thread.join(self._read_timeout_s + _END_S)
        with self._lock:
            if self._frame is not None:
                self._frame.fill(0)
            self._frame, self._wanted = None, False

    @property
    def released(self) -> bool:
        """False while a driver that hangs still holds the device after `close`: only ending the process helps."""
        return self._thread is None or not self._thread.is_alive()

    @property
    def _closed(self) -> bool:
        return self._thread is None or self._closing.is_set()

    def _next(self, timeout_s: float) -> Frame | None:
        with self._lock:
            self._wanted = True
            self._lock.wait_for(lambda: self._frame is not None, timeout_s)
            frame, self._frame, self._wanted = self._frame, None, False
            return frame

    # --- in the thread ----------------------------------------------------------------------------------------------

    def _run(self, closing: threading.Event) -> None:
        failures = 0
        while not closing.is_set():
            opened = open_source(self._source, self._width, self._height, self._read_timeout_s)
            pictures, reason = 0, opened
            if not isinstance(opened, str):
                self._live = opened
                pictures, reason = self._pump(opened, closing)
                opened.close()
                self._live = None
            failures = 0 if pictures else failures + 1
            if closing.is_set():
                return
            kind = kind_of(self._source)
            log.warning("camera_gone", kind=kind.value, pictures=pictures, reason=reason)
            if kind is SourceKind.FILE and pictures:
                closing.wait()  # a recording is played once
            closing.wait(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])

    def _pump(self, source: FrameSource, closing: threading.Event) -> tuple[int, str]:
        """Take pictures until the source has gone; how many were of use, and why it ended."""
        pictures = skipped = still = 0
        while not closing.is_set():
            began = time.monotonic()
            if not source.grab():
                return pictures, "no more pictures"
            if time.monotonic() - began < _BUFFERED_S and skipped < _MAX_SKIPPED:
                skipped += 1
                continue
            skipped = 0
            if not self._wanted:
                pictures += 1
            elif (frame := source.retrieve()) is not None:
                if self._frozen(frame):
                    frame.fill(0)
                    still += 1
                    if still >= _MOST_STILL:
                        return pictures, "the same picture again and again"
                    continue
                still = 0
                pictures += 1
                with self._lock:
                    self._frame, self._wanted = frame, False
                    self._lock.notify_all()
        return pictures, "closed"

    def _frozen(self, frame: Frame) -> bool:
        """Nothing but black or white is the same again and again without any fault of the camera's."""
        if light(frame) is not None:
            self._still.forget()
            return False
        return self._still.too_long(frame)


class _Stillness:
    """How long the picture has been the same, bit for bit; over re-opening too, which may not help."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._digest: int | None = None
        self._since = 0.0

    def forget(self) -> None:
        self._digest = None

    def too_long(self, frame: Frame) -> bool:
        now = time.monotonic()
        digest = zlib.crc32(frame[::2, ::2].tobytes())
        if digest != self._digest:
            self._digest, self._since = digest, now
        return now - self._since >= self._limit_s
