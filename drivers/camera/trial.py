"""Trying the camera out: `menkou devices test camera`. Takes pictures, says how they are, keeps none."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from drivers.camera.device import CameraDevice
from drivers.camera.port import CameraFault
from drivers.trial import NOT_READY, Console

LEAST_SHARPNESS = 40.0  # a person before a clean lens has hundreds, a bare wall twenty
_LOOKS = 10  # pictures: the first ones of many cameras are dark
_FAULTS = {
    CameraFault.UNPLUGGED: "摄像头没有画面",
    CameraFault.TOO_DARK: "太暗",
    CameraFault.TOO_BRIGHT: "太亮，或逆光",
}


@dataclass(frozen=True)
class Look:
    """What a picture was like; the picture itself is gone."""

    fault: CameraFault | None = None
    width: int = 0
    height: int = 0
    brightness: int = 0  # mean of 0…255
    sharpness: float = 0.0


async def trial(device: CameraDevice, console: Console) -> bool:
    """Is somebody seen, sharp and in good light, and does the lamp go out afterwards?"""
    if not (await device.refresh()).ready:
        console.say(*NOT_READY)
        return False
    if not await console.ask(
        "要拍一张照（不保存）。有人站在镜头前吗？", "One picture is taken, and not kept. Is somebody before the camera?"
    ):
        console.say("没有拍", "No picture taken")
        return False
    look = await asyncio.to_thread(_look, device.source)
    if look.fault is not None:
        console.say(f"没有拍到可用的照片：{_FAULTS[look.fault]}", f"No usable picture: {look.fault.value}")
        return False
    console.say(
        f"{look.width}x{look.height}，亮度 {look.brightness}/255，清晰度 {look.sharpness:.0f}",
        f"{look.width}x{look.height}, brightness {look.brightness}/255, sharpness {look.sharpness:.0f}",
    )
    sharp = look.sharpness >= LEAST_SHARPNESS
    if not sharp:
        console.say("模糊或被遮住：请擦镜头", "Blurred or covered: clean the lens")
    out = await console.ask("镜头的指示灯现在灭了吗？", "Is the camera's lamp out now?")
    return sharp and out


def _look(source: str) -> Look:
    """Blocking, a few seconds. OpenCV is loaded here only."""
    from drivers.camera.exposure import sharpness
    from drivers.camera.opencv_camera import OpenCvCamera

    camera = OpenCvCamera(source)
    try:
        if (fault := camera.open()) is not None:
            return Look(fault)
        for _ in range(_LOOKS):
            frame = camera.read()
        if isinstance(frame, CameraFault):
            return Look(frame)
        height, width = frame.shape[:2]
        look = Look(None, width, height, round(float(frame.mean())), sharpness(frame))
        frame.fill(0)
        return look
    finally:
        camera.close()
