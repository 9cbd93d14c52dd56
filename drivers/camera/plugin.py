"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

from pydantic import Field

from drivers.camera.presence import CameraSource
from drivers.registry import DriverOptions, DriverSpec


class OpenCvOptions(DriverOptions):
    source: str = Field(min_length=1, description="/dev/v4l/by-path/…, an MJPEG address or a video file")


def _make(options: OpenCvOptions) -> CameraSource:
    return CameraSource(options.source)


OPENCV = DriverSpec(OpenCvOptions, _make, "V4L2 cameras, MJPEG streams and video files through OpenCV")
