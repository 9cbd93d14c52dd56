"""Days as residents read them."""

from __future__ import annotations

from datetime import date

from content.schema.text import Text
from kiosk.texts import MONTHS_EN

_WEEKDAYS = (
    Text("周一", "Mon"),
    Text("周二", "Tue"),
    Text("周三", "Wed"),
    Text("周四", "Thu"),
    Text("周五", "Fri"),
    Text("周六", "Sat"),
    Text("周日", "Sun"),
)


def day_text(day: date) -> Text:
    """With its year: for what is far away, or counts."""
    return Text(f"{day.year} 年 {day.month} 月 {day.day} 日", f"{day.day} {MONTHS_EN[day.month - 1]} {day.year}")


def near_day_text(day: date) -> Text:
    """With its weekday: for what is soon."""
    weekday = _WEEKDAYS[day.weekday()]
    return Text(f"{day.month} 月 {day.day} 日 {weekday.zh}", f"{weekday.en} {day.day} {MONTHS_EN[day.month - 1]}")
