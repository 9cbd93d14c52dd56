"""Names of devices, states and actions for people, Chinese first."""

from __future__ import annotations

from urllib.parse import urlsplit

from drivers.device import DeviceClass
from drivers.status import Action, DeviceState, DeviceStatus, SupplyState

CLASSES = {
    DeviceClass.ID_READER: "身份证读卡器",
    DeviceClass.RECEIPT_PRINTER: "凭条打印机",
    DeviceClass.DOCUMENT_PRINTER: "A4 打印机",
    DeviceClass.CODE_SCANNER: "扫码器",
    DeviceClass.CAMERA: "摄像头",
    DeviceClass.CASH: "纸币器",
    DeviceClass.CARD_TERMINAL: "银行卡机",
    DeviceClass.SMART_CARD: "社保卡读卡器",
    DeviceClass.CABINET: "机柜",
    DeviceClass.KEYPAD: "无障碍键盘",
}
STATES = {
    DeviceState.ONLINE: "正常 online",
    DeviceState.OFFLINE: "离线 offline",
    DeviceState.NO_DEVICE: "没有接上 noDevice",
    DeviceState.HARDWARE_ERROR: "故障 hardwareError",
    DeviceState.USER_ERROR: "要人处理 userError",
    DeviceState.BUSY: "忙 deviceBusy",
    DeviceState.FRAUD_ATTEMPT: "疑似破坏 fraudAttempt",
    DeviceState.STARTING: "正在启动 starting",
    DeviceState.UNKNOWN: "没有回答 unknown",
}
ACTIONS = {
    Action.NONE: "",
    Action.RESET: "可自行恢复 reset",
    Action.CLEAR: "工作人员可处理 clear",
    Action.MAINTENANCE: "要技术人员 maintenance",
}
SUPPLIES = {
    SupplyState.FULL: "足 full",
    SupplyState.LOW: "少 low",
    SupplyState.OUT: "没有 out",
    SupplyState.JAMMED: "卡住 jammed",
    SupplyState.UNKNOWN: "不明 unknown",
}


def without_password(place: str) -> str:
    """A path as it is; of an address only where it leads: user, password, path and query may be secrets."""
    parts = urlsplit(place)
    if not parts.netloc:
        return place
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def describe(status: DeviceStatus) -> list[str]:
    """One line on the whole, then one for each thing the device reports."""
    head = "，".join(word for word in (STATES[status.device], ACTIONS[status.action]) if word)
    lines = [head + (f" ({status.detail})" if status.detail else "")]
    if status.identity:
        lines.append(status.identity)
    supplies = [f"{name} {SUPPLIES[state]}" for name, state in sorted(status.supplies.items())]
    levels = [f"{name} {percent} %" for name, percent in sorted(status.levels.items())]
    counters = [f"{name} {count}" for name, count in sorted(status.counters.items())]
    return lines + [" · ".join(group) for group in (supplies, levels, counters) if group]
