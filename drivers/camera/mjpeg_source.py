"""A motion-JPEG address as a source of pictures: network cameras, and the virtual cabinet's.

Read here and not by FFmpeg, which first studies a stream for seconds and then keeps pictures back.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus

import cv2
import numpy as np

from drivers.camera.mjpeg_address import MjpegAddress
from drivers.camera.mjpeg_parser import MjpegError, MjpegParser, decodable
from drivers.camera.port import Frame

_CHUNK = 64 << 10


@contextlib.contextmanager
def _shut_after(sock: socket.socket, limit_s: float) -> Iterator[None]:
    """The socket's own time-out begins anew with every byte; this one does not."""

    def shut() -> None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(limit_s, shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class MjpegSource:
    """A `FrameSource`. A head or a picture that takes longer than `timeout_s` to come is the end of the source, however
    diligently bytes drip."""

    def __init__(
        self, sock: socket.socket, response: http.client.HTTPResponse, parser: MjpegParser, timeout_s: float
    ) -> None:
        self._socket = sock
        self._response = response
        self._parser = parser
        self._timeout_s = timeout_s
        self._jpeg = bytearray()

    @classmethod
    def open(cls, url: str, timeout_s: float) -> MjpegSource | None:
        address = MjpegAddress.parse(url)
        if address is None:
            return None
        make = http.client.HTTPSConnection if address.tls else http.client.HTTPConnection
        connection = make(address.host, address.port, timeout=timeout_s)
        try:
            connection.connect()
            sock = connection.sock  # before the answer: http.client gives a closing stream's socket away
            with _shut_after(sock, timeout_s):
                connection.request("GET", address.target, headers=address.headers)
                response = connection.getresponse()
        except (OSError, ValueError, http.client.HTTPException):
            connection.close()
            return None
        try:
            boundary = response.headers.get_boundary() or ""
            if response.status == HTTPStatus.OK and response.headers.get_content_maintype() == "multipart" and sock:
                return cls(sock, response, MjpegParser(boundary), timeout_s)
        except MjpegError:
            pass
        response.close()
        connection.close()
        return None

    def grab(self) -> bool:
        """The newest of the pictures that are there, else the next to come."""
        until = time.monotonic() + self._timeout_s
        try:
            while time.monotonic() < until:
                data = self._response.read1(_CHUNK)
                if not data:
                    return False
                if parts := self._parser.feed(data):
                    self._wipe()
                    self._jpeg = bytearray(parts[-1])
                    return True
        except (OSError, ValueError, http.client.HTTPException):  # MjpegError is a ValueError
            pass
        return False

    def retrieve(self) -> Frame | None:
        if not decodable(bytes(self._jpeg)):
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
        self._parser.wipe()
        self.interrupt()
        self._response.close()
        self._socket.close()

    def _wipe(self) -> None:
        self._jpeg[:] = bytes(len(self._jpeg))
