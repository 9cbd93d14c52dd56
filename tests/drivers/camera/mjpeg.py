"""A network camera for tests: a real HTTP server in a thread."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def jpeg(picture: Picture) -> bytes:
    return bytes(cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, 90))[1].tobytes())


class NetworkCamera:
    """Shows `picture` (BGR); `unplugged` ends streams and refuses new ones; `stalled` sends nothing more; `dripping`
    a byte at a time; `flood` goes on for ever behind a boundary."""

    def __init__(self, fps: float) -> None:
        self.pause = 1 / fps
        self.url = ""
        self.unplugged = threading.Event()
        self.stalled = threading.Event()
        self.dripping = threading.Event()
        self.flood = b""
        self.served = 0
        self.watchers = 0
        self.connections = 0
        self.finished = threading.Event()
        self._jpegs: tuple[bytes, ...] = (b"",)
        self._lock = threading.Lock()

    def show(self, picture: Picture) -> None:
        """As a sensor sees it: a corner flickers a little, so that no two pictures are the same."""
        flicker = picture.copy()
        flicker[:8, :8] ^= 8
        self._jpegs = (jpeg(picture), jpeg(flicker))

    def freeze(self, picture: Picture) -> None:
        """The same picture for ever."""
        self._jpegs = (jpeg(picture),)

    def show_bytes(self, data: bytes) -> None:
        self._jpegs = (data,)

    def watch(self, change: int) -> None:
        with self._lock:
            self.watchers += change
            self.connections += change > 0

    def wait_unwatched(self, limit_s: float = 10) -> bool:
        give_up = time.monotonic() + limit_s
        while self.watchers and time.monotonic() < give_up:
            time.sleep(0.01)
        return self.watchers == 0

    def stream(self, handler: BaseHTTPRequestHandler) -> None:
        while not (self.unplugged.is_set() or self.finished.is_set()):
            if _hung_up(handler.connection):
                return
            if self.flood:
                handler.wfile.write(b"--edge\r\n" + self.flood)
                while self.flood and not self.finished.is_set():
                    handler.wfile.write(self.flood if self.flood.startswith(b"X") else bytes(1 << 16))
                return
            if self.dripping.is_set():
                handler.wfile.write(b"\r")
            elif not self.stalled.is_set():
                data = self._jpegs[self.served % len(self._jpegs)]
                head = f"--edge\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                handler.wfile.write(head.encode() + data + b"\r\n")
                self.served += 1
            time.sleep(self.pause)


def _hung_up(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.setblocking(True)


@contextmanager
def network_camera(fps: float = 25) -> Iterator[NetworkCamera]:
    camera = NetworkCamera(fps)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if camera.unplugged.is_set() or self.path != "/stream?a=b":
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=edge")
            self.end_headers()
            camera.watch(1)
            try:
                with contextlib.suppress(OSError):
                    camera.stream(self)
            finally:
                camera.watch(-1)

        def log_request(self, code: object = None, size: object = None) -> None:
            pass

        def log_error(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    camera.url = f"http://127.0.0.1:{server.server_address[1]}/stream?a=b"
    try:
        yield camera
    finally:
        camera.finished.set()
        server.shutdown()
        thread.join()
        server.server_close()
