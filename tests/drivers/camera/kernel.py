"""A kernel with cameras, as far as `drivers.camera.v4l2_node` asks it."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

from drivers.camera.v4l2_node import VideoSystem

# linux/videodev2.h on this machine's compiler: sizeof 104, capabilities at 84, device_caps at 88; requestbuffers 20
QUERYCAP, REQBUFS = 0x80685600, 0xC0145608
PICTURES = 0x04200001  # STREAMING, EXT_PIX_FORMAT, VIDEO_CAPTURE
METADATA = 0x04A00000  # STREAMING, EXT_PIX_FORMAT, META_CAPTURE
WHOLE = 0x84A00001  # what both nodes of a UVC camera say of the camera, with DEVICE_CAPS


def capability(caps: int, whole: int = WHOLE, card: bytes = b"HD Pro Webcam C920") -> bytes:
    raw = bytearray(104)
    raw[0:8] = b"uvcvideo"
    raw[16 : 16 + len(card)] = card
    raw[48:68] = b"usb-0000:00:14.0-1.2"
    struct.pack_into("<III", raw, 80, 0x060100, whole, caps)
    return bytes(raw)


@dataclass
class Kernel:
    """Nodes are plain files; `/dev/v4l/by-path` is a folder of links."""

    root: Path
    nodes: dict[str, bytes | int] = field(default_factory=dict)  # what QUERYCAP gives, or an errno
    held: dict[str, int] = field(default_factory=dict)  # errno of REQBUFS
    asked: list[int] = field(default_factory=list)

    def node(self, number: int, answer: bytes | int, beside: int | None = None) -> Path:
        path = self.root / f"video{number}"
        path.touch()
        self.nodes[path.name] = answer
        first = number if beside is None else beside
        device = self.root / "devices" / str(first) / "video4linux"
        (device / path.name).mkdir(parents=True)
        (self.root / "sys" / path.name).mkdir(parents=True)
        (self.root / "sys" / path.name / "device").symlink_to(device.parent)
        return path

    def name(self, target: Path) -> Path:
        link = self.root / "by-path"
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        return link

    @property
    def system(self) -> VideoSystem:
        return VideoSystem(self._ioctl, lambda path: path.stat().st_size == 0, self.root / "sys")

    def _ioctl(self, fd: int, request: int, data: bytearray) -> int:
        name = Path(f"/proc/self/fd/{fd}").readlink().name
        self.asked.append(request)
        if request == REQBUFS:
            assert len(data) == 20
            assert bytes(data[:4]) == bytes(4), "no buffers are wanted"
            if code := self.held.get(name, 0):
                raise OSError(code, os.strerror(code))
            return 0
        assert (request, len(data)) == (QUERYCAP, 104)
        answer = self.nodes[name]
        if isinstance(answer, int):
            raise OSError(answer, os.strerror(answer))
        data[:] = answer
        return 0
