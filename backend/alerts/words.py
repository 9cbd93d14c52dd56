"""Devices, supplies and states in words."""

from __future__ import annotations

from typing import Any

DEVICES = {
    "receipt_printer": ("小票打印机", "receipt printer"),
    "document_printer": ("文件打印机", "document printer"),
    "id_reader": ("身份证读卡器", "ID card reader"),
    "smart_card": ("智能卡读卡器", "smart card reader"),
    "code_scanner": ("扫码器", "code scanner"),
    "camera": ("摄像头", "camera"),
    "cabinet": ("机柜", "cabinet"),
    "pin_pad": ("密码键盘", "PIN pad"),
    "card_terminal": ("刷卡终端", "card terminal"),
    "touch_screen": ("触摸屏", "touch screen"),
    "cash": ("现金模块", "cash module"),
    "headset": ("耳机", "headset"),
    "ups": ("不间断电源", "UPS"),
}
SUPPLIES = {"paper": ("纸", "paper"), "toner": ("墨粉", "toner"), "ink": ("墨水", "ink"), "cutter": ("切刀", "cutter")}
STATES = {
    "offline": ("没有连接", "is offline"),
    "noDevice": ("找不到", "is not found"),
    "hardwareError": ("硬件故障", "has a hardware error"),
    "userError": ("操作有误,需要清理", "has to be cleared by hand"),
    "fraudAttempt": ("疑似被破坏", "may have been tampered with"),
    "unknown": ("状态不明", "does not tell its state"),
    "jammed": ("卡住", "jammed"),
    "out": ("用尽", "out"),
    "low": ("不足", "low"),
}


def device_name(device: str) -> tuple[str, str]:
    return DEVICES.get(device, (device, device.replace("_", " ")))


def supply_name(supply: str) -> tuple[str, str]:
    return SUPPLIES.get(supply, (supply, supply.replace("_", " ")))


def state_words(state: str) -> tuple[str, str]:
    return STATES.get(state, (state, state))


def device_words(detail: dict[str, Any]) -> tuple[str, str]:
    if detail.get("supply"):
        return supply_words(detail)
    (zh, en), (zh_state, en_state) = device_name(detail.get("device", "")), state_words(detail.get("state", ""))
    return f"{zh}{zh_state}", f"the {en} {en_state}"


def supply_words(detail: dict[str, Any]) -> tuple[str, str]:
    zh, en = device_name(detail.get("device", ""))
    zh_supply, en_supply = supply_name(detail.get("supply", ""))
    zh_state, en_state = state_words(detail.get("state", ""))
    return f"{zh}{zh_supply}{zh_state}", f"{en}: {en_supply} {en_state}"


def trouble_words(code: str) -> tuple[str, str]:
    """Of a trouble's code, such as "document_printer.paper.jammed"."""
    parts = code.split(".")
    if len(parts) == 3:
        return supply_words({"device": parts[0], "supply": parts[1], "state": parts[2]})
    if len(parts) == 2:
        return device_words({"device": parts[0], "state": parts[1]})
    return code, code
