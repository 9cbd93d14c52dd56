"""What devices, states and actions are called in Chinese; in English, for people as for programs, by their values."""

from __future__ import annotations

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
    DeviceState.ONLINE: "正常",
    DeviceState.OFFLINE: "离线",
    DeviceState.NO_DEVICE: "没有接上",
    DeviceState.HARDWARE_ERROR: "故障",
    DeviceState.USER_ERROR: "要人处理",
    DeviceState.BUSY: "忙",
    DeviceState.FRAUD_ATTEMPT: "疑似破坏",
    DeviceState.STARTING: "正在启动",
    DeviceState.UNKNOWN: "没有回答",
}
ACTIONS = {
    Action.NONE: "不用处理",
    Action.RESET: "可自行恢复",
    Action.CLEAR: "工作人员可处理",
    Action.MAINTENANCE: "要技术人员",
}
SUPPLIES = {
    SupplyState.FULL: "足",
    SupplyState.LOW: "少",
    SupplyState.OUT: "没有",
    SupplyState.JAMMED: "卡住",
    SupplyState.UNKNOWN: "不明",
}


def both(zh: str, en: str) -> str:
    """How a line in both languages is written for a technician."""
    return f"{zh} / {en}"


def describe(status: DeviceStatus) -> list[str]:
    """One line on the whole, then one for each thing the device reports."""
    head = f"{STATES[status.device]} {status.device.value}"
    if status.action is not Action.NONE:
        head += f"，{ACTIONS[status.action]} {status.action.value}"
    lines = [head + (f" ({status.detail})" if status.detail else "")]
    if status.identity:
        lines.append(status.identity)
    supplies = [f"{name} {SUPPLIES[state]} {state.value}" for name, state in sorted(status.supplies.items())]
    levels = [f"{name} {percent} %" for name, percent in sorted(status.levels.items())]
    counters = [f"{name} {count}" for name, count in sorted(status.counters.items())]
    return lines + [" · ".join(group) for group in (supplies, levels, counters) if group]
