"""What must be ticked before a work order is done, by its kind."""

from __future__ import annotations

from enum import StrEnum


class WorkKind(StrEnum):
    PAPER = "paper"
    TONER = "toner"
    DEVICE = "device"
    CONNECTION = "connection"
    VISIT = "visit"  # inspection, or anything else


KINDS: dict[WorkKind, tuple[str, str]] = {
    WorkKind.PAPER: ("加纸、卡纸", "Paper"),
    WorkKind.TONER: ("墨粉", "Toner"),
    WorkKind.DEVICE: ("设备故障", "Device"),
    WorkKind.CONNECTION: ("断电断网", "Power or network"),
    WorkKind.VISIT: ("巡检及其他", "Visit"),
}

_LOCKED = ("locked", "机柜已锁好", "The cabinet is locked")
_TEST_PRINT = ("test-print", "测试页打印清楚", "A test page was printed and is clear")
_COUNTER = ("counter", "计数已记入备注", "The counter is in the notes")
_OLD_TONER = ("old-toner", "旧墨粉盒已带走", "The old cartridge was taken along")
CHECKS: dict[WorkKind, tuple[tuple[str, str, str], ...]] = {
    WorkKind.PAPER: (_TEST_PRINT, _COUNTER, _LOCKED),
    WorkKind.TONER: (
        _TEST_PRINT,
        _COUNTER,
        ("old-toner", "旧墨粉盒已带走", "The old cartridge was taken along"),
        _LOCKED,
    ),
    WorkKind.DEVICE: (("self-test", "自检通过", "The self-test passed"), _LOCKED),
    WorkKind.CONNECTION: (
        ("power", "电源和插座已检查", "Power and socket were checked"),
        ("network", "网线和路由已检查", "Cable and router were checked"),
        _LOCKED,
    ),
    WorkKind.VISIT: (("clean", "屏幕和外壳已清洁", "Screen and housing are clean"), _LOCKED),
}


def kind_of(rule: str, code: str) -> WorkKind:
    """What kind of work an alert's rule and trouble mean."""
    if rule in ("offline", "certificate"):
        return WorkKind.CONNECTION
    if "toner" in code or "ink" in code:
        return WorkKind.TONER
    if "paper" in code:
        return WorkKind.PAPER
    return WorkKind.DEVICE if rule in ("device-fault", "stuck-screen") else WorkKind.VISIT
