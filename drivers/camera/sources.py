"""Where pictures come from: a V4L2 device, a motion-JPEG address, a video file. Blocking, one thread each."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Protocol

from drivers.camera.mjpeg_source import MjpegSource
from drivers.camera.port import Frame
from drivers.camera.v4l2_node import CaptureNode, NodeFault, capture_node
from drivers.camera.video_source import FileSource, open_device


class FrameSource(Protocol):
    def grab(self) -> bool:
        """Wait for the next picture without decoding it; False when the source has gone."""

    def retrieve(self) -> Frame | None:
        """Decode the picture grabbed last; None if it is damaged."""

    def interrupt(self) -> None:
        """From another thread: let a `grab` that waits return False, where that is possible."""

    def close(self) -> None:
        """By the thread that grabs."""


class SourceKind(StrEnum):
    DEVICE = "device"
    NETWORK = "network"
    FILE = "file"


def kind_of(source: str | int) -> SourceKind:
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        return SourceKind.NETWORK
    return SourceKind.DEVICE if isinstance(source, int) or source.startswith("/dev/") else SourceKind.FILE


def open_source(source: str | int, width: int, height: int, timeout_s: float) -> FrameSource | str:
    """A sentence for the technician, without the source's name, when it cannot be opened: an address may hold a
    password."""
    match kind_of(source):
        case SourceKind.NETWORK:
            return MjpegSource.open(str(source), timeout_s) or "no motion JPEG at this address"
        case SourceKind.DEVICE:
            return _or_sentence(open_device(str(_path(source)), width, height))
        case SourceKind.FILE:
            return FileSource.open(str(source)) or "no such video file"


def present(source: str | int, timeout_s: float) -> bool:
    """Is it there? Takes no picture and lights no lamp."""
    match kind_of(source):
        case SourceKind.NETWORK:
            found = MjpegSource.open(str(source), timeout_s)
            if found is not None:
                found.close()
            return found is not None
        case SourceKind.DEVICE:
            return isinstance(capture_node(_path(source), busy_counts=False), CaptureNode)
        case SourceKind.FILE:
            return Path(str(source)).is_file()


def _path(source: str | int) -> Path:
    return Path(f"/dev/video{source}" if isinstance(source, int) else source)


def _or_sentence(opened: FrameSource | NodeFault) -> FrameSource | str:
    return opened.value if isinstance(opened, NodeFault) else opened
