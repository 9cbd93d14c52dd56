"""The settings that the desk may give a kiosk: their names, kinds and bounds. Desk and kiosk check against the same
table; a kiosk keeps what it has when a value does not fit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Value = bool | int | float | str
Kind = Literal["bool", "int", "float", "text", "time"]

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")


@dataclass(frozen=True)
class Setting:
    """`low` and `high` bound a number, or the length of a text (`low` 0: it may be empty)."""

    key: str
    kind: Kind
    default: Value
    zh: str
    en: str
    low: float | None = None
    high: float | None = None
    unit: str = ""

    def fault(self, value: object) -> str | None:
        """Why this value cannot be used, in English; None if it can."""
        if self.kind == "bool":
            return None if isinstance(value, bool) else "must be true or false"
        if self.kind in ("int", "float"):
            return self._number_fault(value)
        if not isinstance(value, str):
            return "must be text"
        if self.kind == "time":
            return None if _TIME.fullmatch(value) else "must be a time such as 08:30"
        if not (self.low or 0) <= len(value) <= (self.high or 200):
            return f"must have {int(self.low or 0)} to {int(self.high or 200)} characters"
        return None if value.isprintable() else "must have no line breaks or control characters"

    def _number_fault(self, value: object) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "must be a number"
        if self.kind == "int" and not isinstance(value, int):
            return "must be a whole number"
        if not (self.low is None or value >= self.low) or not (self.high is None or value <= self.high):
            return f"must be from {self.low:g} to {self.high:g}"
        return None


SETTINGS: dict[str, Setting] = {
    setting.key: setting
    for setting in (
        Setting("volume", "int", 60, "音量", "Volume at the start of a session", 0, 100, "%"),
        Setting("dim_after_s", "float", 300.0, "无人时变暗前等待", "Rest before the screen dims", 0, 86_400, "s"),
        Setting("dim_percent", "int", 30, "变暗后亮度", "Brightness when dimmed", 1, 100, "%"),
        Setting("idle_scale", "float", 1.0, "操作时限倍数", "Factor on the time residents are given", 0.5, 5.0, "×"),
        Setting("staff_phone", "text", "0000-12345", "值班电话", "Telephone shown when staff is called", 3, 40),
        Setting("site", "text", "青口社区便民服务站", "网点名称", "Name of the place, Chinese", 1, 60),
        Setting(
            "site_en", "text", "Qingkou Community Service Point", "网点英文名", "Name of the place, English", 1, 120
        ),
        Setting("face_enabled", "bool", True, "提供刷脸核验", "Offer the face check"),
        Setting("face_attempts", "int", 2, "刷脸次数上限", "Face checks before only other ways are offered", 1, 5),
        Setting("rate_s", "float", 20.0, "评价等待", "Time to rate", 5, 120, "s"),
        Setting("opens_at", "time", "00:00", "开始服务时间", "Opens at"),
        Setting("closes_at", "time", "24:00", "结束服务时间", "Closes at"),
    )
}


def fault_of(key: str, value: object) -> str | None:
    """Why `key` cannot be set to `value`; None if it can."""
    setting = SETTINGS.get(key)
    return "is not a setting of kiosks" if setting is None else setting.fault(value)
