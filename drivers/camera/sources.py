"""Where pictures come from: a V4L2 device, a motion-JPEG address, a video file. Blocking, one thread each."""

from __future__ import annotations

import contextlib
import http.client
import socket
import stat
import time
from http import HTTPStatus
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import cv2
import numpy as np

from drivers.camera.port import Frame

_MAX_JPEG = 8 << 20
_MAX_LINE = 1 << 12


class FrameSource(Protocol):
    def grab(self) -> bool:
        """Wait for the next picture without decoding it; False when the source has gone."""

    def retrieve(self) -> Frame | None:
        """Decode the picture grabbed last; None if it is damaged."""

    def interrupt(self) -> None:
        """From another thread: let a `grab` that waits return False, where that is possible."""

    def close(self) -> None:
        """By the thread that grabs."""


def is_url(source: str | int) -> bool:
    return isinstance(source, str) and source.startswith(("http://", "https://"))


def open_source(source: str | int, width: int, height: int, timeout_s: float) -> FrameSource | None:
    """None if it is not there."""
    if isinstance(source, str) and is_url(source):
        return MjpegSource.open(source, timeout_s)
    if is_device(source):
        return _device(source, width, height)
    return FileSource.open(str(source))


def is_device(source: str | int) -> bool:
    return isinstance(source, int) or source.startswith("/dev/")


def present(source: str | int, timeout_s: float) -> bool:
    """Is it there? Takes no picture and lights no lamp."""
    if isinstance(source, str) and is_url(source):
        found = MjpegSource.open(source, timeout_s)
        if found is None:
            return False
        found.close()
        return True
    path = Path(f"/dev/video{source}" if isinstance(source, int) else source)
    if not is_device(source):
        return path.is_file()
    try:
        return stat.S_ISCHR(path.stat().st_mode)
    except OSError:
        return False


# --- OpenCV ---------------------------------------------------------------------------------------------------------


class VideoSource:
    """A device that OpenCV reads."""

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture

    def grab(self) -> bool:
        return bool(self._capture.grab())

    def retrieve(self) -> Frame | None:
        ok, frame = self._capture.retrieve()
        return np.asarray(frame, np.uint8) if ok else None

    def interrupt(self) -> None:
        """OpenCV has no way; its own time-out ends the wait."""

    def close(self) -> None:
        self._capture.release()


def _device(source: str | int, width: int, height: int) -> VideoSource | None:
    # The stable name (/dev/v4l/by-id/…) is followed anew each time: after re-plugging it may lead to another number.
    path = f"/dev/video{source}" if isinstance(source, int) else str(Path(source).resolve())
    if not Path(path).exists():
        return None
    capture = cv2.VideoCapture(path, cv2.CAP_V4L2)
    if not capture.isOpened():
        capture.release()
        return None
    # Compressed on the cable: USB 2 does not carry 720p at 30 pictures a second otherwise.
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return VideoSource(capture)


class FileSource(VideoSource):
    """A recording, played once at its own speed; its end is the end of the camera."""

    def __init__(self, capture: cv2.VideoCapture) -> None:
        super().__init__(capture)
        self._pause = 1 / min(max(capture.get(cv2.CAP_PROP_FPS), 1.0), 120.0)
        self._due = time.monotonic()

    @classmethod
    def open(cls, path: str) -> FileSource | None:
        if not Path(path).is_file():
            return None
        capture = cv2.VideoCapture(path)
        if not capture.isOpened():
            capture.release()
            return None
        return cls(capture)

    def grab(self) -> bool:
        time.sleep(max(0.0, self._due - time.monotonic()))
        self._due = max(self._due + self._pause, time.monotonic())
        return super().grab()


# --- motion JPEG over HTTP ------------------------------------------------------------------------------------------


class MjpegSource:
    """`multipart/x-mixed-replace` of JPEGs, as network cameras and the virtual cabinet send it.

    Read here and not by FFmpeg, which first studies a stream for seconds and then keeps pictures back.
    """

    def __init__(self, sock: socket.socket, response: http.client.HTTPResponse) -> None:
        self._socket = sock
        self._response = response
        self._jpeg = bytearray()

    @classmethod
    def open(cls, url: str, timeout_s: float) -> MjpegSource | None:
        parts = urlsplit(url)
        if not parts.hostname:
            return None
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = make(parts.hostname, parts.port, timeout=timeout_s)
        try:
            connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
            sock = connection.sock  # before the answer: http.client gives a closing stream's socket away
            response = connection.getresponse()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None
        if sock is None or response.status != HTTPStatus.OK or response.headers.get_content_maintype() != "multipart":
            response.close()
            connection.close()
            return None
        return cls(sock, response)

    def grab(self) -> bool:
        try:
            return self._part()
        except (OSError, ValueError, http.client.HTTPException):
            return False

    def retrieve(self) -> Frame | None:
        if not self._jpeg:
            return None
        try:
            frame = cv2.imdecode(np.frombuffer(self._jpeg, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error:
            return None
        return None if frame is None else np.asarray(frame, np.uint8)

    def interrupt(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._wipe()
        self.interrupt()
        self._response.close()
        self._socket.close()

    def _wipe(self) -> None:
        self._jpeg[:] = bytes(len(self._jpeg))

    def _part(self) -> bool:
        length = None
        started = False
        while True:
            line = self._response.readline(_MAX_LINE)
            if not line:
                return False
            if line.strip():
                started = True
                name, _, value = line.partition(b":")
                if name.strip().lower() == b"content-length":
                    length = int(value)
            elif started:
                break
        if length is None or not 0 < length <= _MAX_JPEG:
            return False
        self._wipe()
        self._jpeg = bytearray(length)
        view, got = memoryview(self._jpeg), 0
        while got < length:
            count = self._response.readinto(view[got:])
            if not count:
                return False
            got += count
        return True
