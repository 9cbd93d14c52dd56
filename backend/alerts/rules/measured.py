"""What the heartbeat measures: the screen, the clock, the disk, the temperature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func

from backend.alerts.rules.base import Facts, Finding, Rule
from backend.alerts.sql import SecondsBetween
from backend.fleet.events import Severity
from backend.fleet.models import KioskPulse


def _when(value: float | None, wrong: bool, facts: Facts, **detail: Any) -> Sequence[Finding]:
    return [Finding(facts.now, detail={"value": value, **detail})] if wrong else ()


def look_screen(facts: Facts, threshold: float) -> Sequence[Finding]:
    age = facts.pulse.interface_age_s
    return _when(age, age >= threshold, facts)


def look_clock(facts: Facts, threshold: float) -> Sequence[Finding]:
    pulse = facts.pulse
    if pulse.seen_at is None or pulse.sent_at is None:
        return ()
    skew = round((pulse.sent_at - pulse.seen_at).total_seconds())
    return _when(skew, abs(skew) >= threshold, facts)


def look_storage(facts: Facts, threshold: float) -> Sequence[Finding]:
    free = facts.pulse.disk_free_mb
    return _when(free, free is not None and free < threshold, facts)


def look_wear(facts: Facts, threshold: float) -> Sequence[Finding]:
    worn = facts.pulse.disk_wear_pct
    return _when(worn, worn is not None and worn >= threshold, facts)


def look_heat(facts: Facts, threshold: float) -> Sequence[Finding]:
    tenths = facts.pulse.temperature_dc
    return _when(None if tenths is None else tenths / 10, tenths is not None and tenths >= threshold * 10, facts)


def _said(zh: str, en: str) -> Callable[[dict[str, Any]], tuple[str, str]]:
    def words(detail: dict[str, Any]) -> tuple[str, str]:
        value = detail.get("value")
        return zh.format(value), en.format(value)

    return words


def _clock_apart(now: datetime, threshold: float) -> ColumnElement[bool]:
    return func.abs(SecondsBetween(KioskPulse.sent_at, KioskPulse.seen_at)) >= threshold - 1


STUCK_SCREEN = Rule(
    name="stuck-screen",
    title=("画面卡死", "Screen stuck"),
    advice=("在终端页面发“重启程序”。", "Restart the program from the kiosk's page."),
    words=_said("画面已 {} 秒没有刷新", "the screen has not drawn for {} s"),
    severity=Severity.ERROR,
    look=look_screen,
    coarse=lambda now, threshold: KioskPulse.interface_age_s >= threshold,
    measured=True,
    threshold=120,
    unit=("秒", "s"),
    hold_s=60,
    escalate_min=120,
)
CLOCK_SKEW = Rule(
    name="clock-skew",
    title=("时钟偏差", "Clock wrong"),
    advice=("检查终端的对时服务和主板电池。", "Check the kiosk's time service and its battery."),
    words=_said("终端时钟与中心相差 {} 秒", "the kiosk's clock is off by {} s"),
    severity=Severity.WARNING,
    look=look_clock,
    coarse=_clock_apart,
    measured=True,
    threshold=120,
    unit=("秒", "s"),
    hold_s=300,
    quiet_s=300,
    again_h=24,
)
STORAGE_LOW = Rule(
    name="storage-low",
    title=("存储空间不足", "Storage low"),
    advice=("取日志包查看；必要时派人清理或换盘。", "Fetch a log bundle; send somebody if need be."),
    words=_said("磁盘只剩 {} MB", "only {} MB left on the disk"),
    severity=Severity.WARNING,
    look=look_storage,
    coarse=lambda now, threshold: KioskPulse.disk_free_mb < threshold,
    measured=True,
    lower_is_worse=True,
    threshold=1024,
    unit=("MB", "MB"),
    hold_s=300,
    quiet_s=600,
    again_h=24,
)
DISK_WEAR = Rule(
    name="disk-wear",
    title=("磁盘寿命将尽", "Disk worn"),
    advice=("安排更换固态盘。", "Plan to replace the disk."),
    words=_said("磁盘已用掉额定写入量的 {}%", "the disk has used {} % of its rated writes"),
    severity=Severity.WARNING,
    look=look_wear,
    coarse=lambda now, threshold: KioskPulse.disk_wear_pct >= threshold,
    measured=True,
    threshold=90,
    unit=("%", "%"),
    hold_s=300,
    quiet_s=600,
    again_h=24 * 7,
)
TEMPERATURE = Rule(
    name="temperature",
    title=("温度过高", "Too hot"),
    advice=("检查风扇、滤网和日晒。", "Check fans, filters and direct sun."),
    words=_said("机内温度 {} ℃", "{} °C inside"),
    severity=Severity.WARNING,
    look=look_heat,
    coarse=lambda now, threshold: KioskPulse.temperature_dc >= threshold * 10,
    measured=True,
    threshold=75,
    unit=("℃", "°C"),
    hold_s=300,
    quiet_s=600,
    again_h=24,
)
