"""A paper that lies under the camera: invented, and says so on every line."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint8]  # height x width x 3, RGB

_FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
_SC = 2  # the collection's simplified Chinese face
_TRAY = (74, 82, 92)
_INK = (38, 42, 48)
_SEAL = (196, 44, 40)
_TITLE = "示范材料（样张）"
_LINES = (
    "甲方：青口县示范制造有限公司",
    "乙方：示范居民",
    "一、本页是演示用的样张，不是真实的材料，",
    "　　上面的名称、日期和印章都是虚构的。",
    "二、期限：2025 年 9 月 1 日起三年。",
    "三、地点：青口县示范路 1 号。",
    "四、本页一式两份，双方各执一份。",
    "　　　　　　　　　　2025 年 9 月 1 日",
)


@cache
def on_the_tray(width: int, height: int) -> Picture:
    """The camera's picture of the sheet, a little askew, as people lay it. Blocking at the first call."""
    sheet_h = round(height * 0.9)
    sheet_w = round(sheet_h / 1.414)
    big = 3  # drawn larger, so that turning it leaves the words readable
    sheet = _sheet(sheet_w * big, sheet_h * big)
    tray = np.full((height, width, 3), _TRAY, np.uint8)
    turn = cv2.getRotationMatrix2D((sheet_w * big / 2, sheet_h * big / 2), 1.2, 1 / big)
    turn[0, 2] += width / 2 - sheet_w * big / 2
    turn[1, 2] += height / 2 - sheet_h * big / 2
    laid = cv2.warpAffine(sheet, turn, (width, height), tray, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_TRANSPARENT)
    return np.asarray(laid, np.uint8)


def _sheet(width: int, height: int) -> Picture:
    image = Image.new("RGB", (width, height), (250, 249, 245))
    draw = ImageDraw.Draw(image)
    unit = width / 100
    title, words = _font(round(unit * 6.4)), _font(round(unit * 3.7))
    if title is None or words is None:  # no Chinese fonts on this machine: lines for words
        for number in range(12):
            draw.rectangle((unit * 12, unit * (20 + number * 9), unit * 88, unit * (23 + number * 9)), fill=_INK)
    else:
        draw.text((width / 2, unit * 16), _TITLE, font=title, fill=_INK, anchor="mm")
        for number, line in enumerate(_LINES):
            draw.text((unit * 11, unit * (32 + number * 10)), line, font=words, fill=_INK)
    cx, cy, radius = unit * 72, unit * 112, unit * 11
    draw.ellipse((cx - radius, cy - radius, cx + radius, cy + radius), outline=_SEAL, width=round(unit * 1.2))
    if words is not None:
        draw.text((cx, cy), "样章", font=words, fill=_SEAL, anchor="mm")
    return np.asarray(image, np.uint8)


def _font(size: int) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(_FONT, size, index=_SC)
    except OSError:
        return None
