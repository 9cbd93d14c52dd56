"""The camera as one of the terminal's devices: where it is and whether it is there. Takes no picture and loads no
OpenCV; the face worker opens it by its source."""

from __future__ import annotations

from typing import Protocol

from drivers.device import Device


class CameraDevice(Device, Protocol):
    @property
    def source(self) -> str:
        """A stable device path (/dev/v4l/by-path/…), an MJPEG address, or a video file."""
