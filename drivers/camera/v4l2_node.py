"""Which /dev/video node of a camera gives pictures, and whether it may be had: asked with ioctls, without a picture.

A UVC camera has two nodes, of which one carries metadata only; a stable name may lead to either. Opening a node and
asking it lights no lamp: that begins with streaming.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

VIDIOC_QUERYCAP = 0x80685600
VIDIOC_REQBUFS = 0xC0145608
_CAPABILITY = struct.Struct("<16s32s32sIII12x")  # driver, card, bus, version, capabilities, device_caps, reserved
_REQUEST_BUFFERS = struct.Struct("<IIII4x")  # count, type, memory, capabilities, flags and reserved
CAP_VIDEO_CAPTURE = 0x00000001
CAP_VIDEO_CAPTURE_MPLANE = 0x00001000
CAP_STREAMING = 0x04000000
CAP_DEVICE_CAPS = 0x80000000
_BUF_CAPTURE, _BUF_CAPTURE_MPLANE, _MEMORY_MMAP = 1, 9, 1


class NodeFault(StrEnum):
    """Why there are no pictures from a node; the text is for the technician."""

    MISSING = "camera not there"
    NO_PERMISSION = "no permission to open the camera (group video)"
    NO_CAMERA = "not a camera: the path leads to something else"
    NO_PICTURES = "this node gives no pictures, and its device has none that does"
    BUSY = "camera in use by another process"
    BROKEN = "camera does not answer"


@dataclass(frozen=True)
class CaptureNode:
    """A node that gives pictures. `card` is the camera's own name."""

    path: str
    card: str = ""
    bus: str = ""


def _is_character_device(path: Path) -> bool:
    return stat.S_ISCHR(path.stat().st_mode)


@dataclass(frozen=True)
class VideoSystem:
    """The kernel's side, as far as it is asked; tests put their own in place."""

    ioctl: Callable[[int, int, bytearray], Any] = fcntl.ioctl
    is_device: Callable[[Path], bool] = _is_character_device
    sysfs: Path = Path("/sys/class/video4linux")


KERNEL = VideoSystem()


def capture_node(path: Path, system: VideoSystem = KERNEL, *, busy_counts: bool = True) -> CaptureNode | NodeFault:
    """The node behind `path`, or the one beside it in the same camera that does give pictures. Blocking.

    `path` is followed anew each time: after re-plugging, a stable name may lead to another number.
    """
    try:
        node = path.resolve()
    except (OSError, RuntimeError):  # names that lead in a circle
        return NodeFault.MISSING
    found = _query(node, system, busy_counts)
    if found is not NodeFault.NO_PICTURES:
        return found
    for sibling in _siblings(node, system):
        beside = _query(sibling, system, busy_counts)
        if isinstance(beside, CaptureNode) or beside is NodeFault.BUSY:
            return beside
    return NodeFault.NO_PICTURES


def _query(node: Path, system: VideoSystem, busy_counts: bool) -> CaptureNode | NodeFault:
    try:
        if not system.is_device(node):
            return NodeFault.NO_CAMERA
        fd = os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return _fault(error)
    try:
        return _ask(fd, str(node), system, busy_counts)
    except OSError as error:
        return _fault(error)
    finally:
        os.close(fd)


def _ask(fd: int, node: str, system: VideoSystem, busy_counts: bool) -> CaptureNode | NodeFault:
    answer = bytearray(_CAPABILITY.size)
    system.ioctl(fd, VIDIOC_QUERYCAP, answer)
    _driver, card, bus, _version, whole, this_node = _CAPABILITY.unpack(answer)
    caps = this_node if whole & CAP_DEVICE_CAPS else whole  # of the whole camera, in drivers of long ago
    if not caps & (CAP_VIDEO_CAPTURE | CAP_VIDEO_CAPTURE_MPLANE) or not caps & CAP_STREAMING:
        return NodeFault.NO_PICTURES
    if busy_counts:
        # No buffers wanted: nothing changes, but who already streams keeps everybody else out.
        kind = _BUF_CAPTURE if caps & CAP_VIDEO_CAPTURE else _BUF_CAPTURE_MPLANE
        try:
            system.ioctl(fd, VIDIOC_REQBUFS, bytearray(_REQUEST_BUFFERS.pack(0, kind, _MEMORY_MMAP, 0)))
        except OSError as error:
            if error.errno == errno.EBUSY:
                return NodeFault.BUSY  # a driver without this call is none of our business
    return CaptureNode(node, _text(card), _text(bus))


def _fault(error: OSError) -> NodeFault:
    match error.errno:
        case errno.ENOENT | errno.ENXIO | errno.ENODEV | errno.ENOTDIR | errno.ELOOP:
            return NodeFault.MISSING
        case errno.EACCES | errno.EPERM:
            return NodeFault.NO_PERMISSION
        case errno.EBUSY:
            return NodeFault.BUSY
        case errno.ENOTTY | errno.EINVAL:
            return NodeFault.NO_CAMERA
        case _:
            return NodeFault.BROKEN


def _siblings(node: Path, system: VideoSystem) -> list[Path]:
    """The other nodes of the same device, lowest number first."""
    nodes = (system.sysfs / node.name / "device" / "video4linux").glob("video*")
    found = sorted((int(each.name[5:]), each.name) for each in nodes if each.name[5:].isdigit())
    return [node.with_name(name) for _, name in found if name != node.name]


def _text(raw: bytes) -> str:
    """A USB descriptor's text: somebody else's."""
    return "".join(c for c in raw.split(b"\0")[0].decode("ascii", "replace") if c.isprintable())
