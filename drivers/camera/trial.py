"""Trying the camera out: `menkou devices test camera`. Takes pictures, says how they are, keeps none."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from drivers.camera.device import CameraDevice
from drivers.trial import Console

LEAST_SHARPNESS = 40.0  # a person before a clean lens has hundreds, a bare wall twenty
_LOOKS = 10  # pictures: the first ones of many cameras are dark


@dataclass(frozen=True)
class Look:
    """What a picture was like; the picture itself is gone."""

    fault: str = ""
    width: int = 0
    height: int = 0
    brightness: int = 0  # mean of 0…255
    sharpness: float = 0.0


async def trial(device: CameraDevice, console: Console) -> bool:
    """Is somebody seen, sharp and in good light, and does the lamp go out afterwards?"""
    status = await device.refresh()
    if not status.ready:
        console.say(f"摄像头不可用 the camera cannot be used: {status.device.value} {status.detail}")
        return False
    console.say(f"摄像头 camera: {status.identity or '?'}")
    if not await console.ask("要拍一张照（不保存）。有人站在镜头前吗？ One picture, not kept. Is somebody before it?"):
        console.say("没有拍 no picture taken")
        return False
    look = await asyncio.to_thread(_look, device.source)
    if look.fault:
        console.say(f"没有拍到可用的照片 no usable picture: {look.fault}")
        return False
    sharp = look.sharpness >= LEAST_SHARPNESS
    console.say(
        f"{look.width}x{look.height}; 亮度 brightness {look.brightness}/255; 清晰度 sharpness {look.sharpness:.0f} "
        + ("" if sharp else "（模糊或被遮住：请擦镜头 blurred or covered: clean the lens）")
    )
    out = await console.ask("镜头的指示灯现在灭了吗？ Is the camera's lamp out now?")
    return sharp and out


def _look(source: str) -> Look:
    """Blocking, a few seconds. OpenCV is loaded here only."""
    from drivers.camera.exposure import sharpness
    from drivers.camera.opencv_camera import OpenCvCamera
    from drivers.camera.port import CameraFault

    camera = OpenCvCamera(source)
    try:
        if (fault := camera.open()) is not None:
            return Look(fault.value)
        for _ in range(_LOOKS):
            frame = camera.read()
        if isinstance(frame, CameraFault):
            return Look(frame.value)
        height, width = frame.shape[:2]
        look = Look("", width, height, round(float(frame.mean())), sharpness(frame))
        frame.fill(0)
        return look
    finally:
        camera.close()
