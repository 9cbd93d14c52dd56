"""What codes are called in Chinese and English: devices, supplies, states, troubles, events, commands.

Every function returns (Chinese, English). A code nobody has named is shown as it is: a newer kiosk may know more.
"""

from __future__ import annotations

from typing import Any

Words = tuple[str, str]

DEVICES: dict[str, Words] = {
    "id_reader": ("身份证阅读器", "ID card reader"),
    "receipt_printer": ("凭条打印机", "Receipt printer"),
    "document_printer": ("文档打印机", "Document printer"),
    "code_scanner": ("扫码器", "Code scanner"),
    "camera": ("摄像头", "Camera"),
    "cash": ("现金模块", "Cash module"),
    "card_terminal": ("银行卡终端", "Card terminal"),
    "smart_card": ("社保卡读写器", "Smart card reader"),
    "cabinet": ("机柜", "Cabinet"),
    "keypad": ("密码键盘", "Keypad"),
    # What the desk finds out by itself
    "clock": ("时钟", "Clock"),
    "storage": ("存储", "Storage"),
    "interface": ("画面", "Screen"),
}

SUPPLIES: dict[str, Words] = {
    "paper": ("纸张", "Paper"),
    "toner": ("墨粉", "Toner"),
    "cutter": ("切刀", "Cutter"),
    "cover": ("盖板", "Cover"),
    "cashbox_space": ("钱箱余量", "Cash box space"),
    "note_path": ("进钞通道", "Note path"),
    "battery": ("备用电池", "Battery"),
    "disk_life": ("存储寿命", "Disk life"),
    "special": ("专用纸", "Special paper"),
    "stationery": ("空白证照纸", "Blank certificates"),
}

DEVICE_STATES: dict[str, Words] = {
    "online": ("正常", "Working"),
    "deviceBusy": ("忙", "Busy"),
    "starting": ("启动中", "Starting"),
    "offline": ("无应答", "Not answering"),
    "noDevice": ("未连接", "Not connected"),
    "hardwareError": ("硬件故障", "Hardware error"),
    "userError": ("要人处理", "Needs a hand"),
    "fraudAttempt": ("疑似欺诈", "Tampering suspected"),
    "unknown": ("状态未知", "State unknown"),
}

SUPPLY_STATES: dict[str, Words] = {
    "full": ("充足", "Good"),
    "low": ("不足", "Low"),
    "out": ("用尽", "Out"),
    "jammed": ("卡住", "Jammed"),
    "unknown": ("未知", "Unknown"),
}

# What people type to find a device, beside its name.
_ALIASES: dict[str, Words] = {
    "id_reader": ("身份证读卡器", "id reader"),
    "smart_card": ("社保卡读卡器", "card slot"),
    "code_scanner": ("扫描器 扫码枪 二维码", "qr barcode"),
    "document_printer": ("激光打印机", "a4 laser"),
    "receipt_printer": ("小票打印机 热敏", "thermal"),
    "card_terminal": ("刷卡机", "pos"),
    "cash": ("纸币 收钞", "banknote"),
    "interface": ("屏幕", "display"),
}

# What a technician's detail says of a device that needs a hand, in words: the first that is part of it.
_HANDS: dict[str, Words] = {
    "cover": ("盖子开着", "cover open"),
    "door": ("门开着", "door open"),
    "interlock": ("盖子开着", "cover open"),
    "cashbox": ("钱箱不在位", "cash box taken out"),
    "card is left": ("卡还在机内", "a card is left in it"),
}

# Where the two words put together would not be what people say.
_TROUBLES: dict[str, Words] = {
    "paper.low": ("纸张不足", "paper low"),
    "paper.out": ("缺纸", "out of paper"),
    "paper.jammed": ("卡纸", "paper jam"),
    "toner.low": ("墨粉不足", "toner low"),
    "toner.out": ("墨粉用尽", "out of toner"),
    "cashbox_space.low": ("钱箱将满", "cash box nearly full"),
    "cashbox_space.out": ("钱箱已满", "cash box full"),
    "note_path.jammed": ("卡钞", "note jam"),
    "skewed": ("不准", "wrong"),
    "stuck": ("停滞", "stuck"),
}

HEALTHS: dict[str, Words] = {
    "ok": ("正常", "Well"),
    "warning": ("需留意", "Needs attention"),
    "fault": ("有故障", "Fault"),
    "out-of-service": ("暂停服务", "Out of service"),
    "offline": ("离线", "Offline"),
    "quarantined": ("已隔离", "Quarantined"),
    "revoked": ("身份已吊销", "Identity revoked"),
    "planned": ("待注册", "Planned"),
    "retired": ("已退役", "Retired"),
}

ACTIONS: dict[str, Words] = {
    "none": ("", ""),
    "reset": ("程序可自行恢复", "the program can recover by itself"),
    "clear": ("站点人员可处理", "staff on site can clear it"),
    "maintenance": ("需维修人员到场", "a technician must come"),
}

EVENTS: dict[str, Words] = {
    "enrolled": ("已注册", "Enrolled"),
    "certificate-renewed": ("证书已更新", "Certificate renewed"),
    "revoked": ("身份已吊销", "Identity revoked"),
    "quarantined": ("已隔离", "Quarantined"),
    "released-from-quarantine": ("解除隔离", "Released from quarantine"),
    "retired": ("已退役", "Retired"),
    "wiped": ("已清除数据，须重新注册", "Wiped: to be enrolled anew"),
    "online": ("上线", "Online"),
    "offline": ("离线", "Offline"),
    "restarted": ("已重启", "Restarted"),
    "device-changed": ("设备状态变化", "Device changed"),
    "service-changed": ("服务状态变化", "Service changed"),
    "version-changed": ("版本变化", "Version changed"),
    "error": ("程序报错", "Error"),
    "command": ("命令", "Command"),
    "settings-applied": ("配置已生效", "Settings applied"),
    "rollout": ("发布", "Rollout"),
    "alert": ("告警", "Alert"),
    "work-order": ("工单", "Work order"),
}

COMMANDS: dict[str, Words] = {
    "restart": ("重启", "Restart"),
    "self-test": ("自检", "Self-test"),
    "out-of-service": ("暂停服务", "Take out of service"),
    "into-service": ("恢复服务", "Put into service"),
    "log-bundle": ("收集日志", "Collect logs"),
    "screenshot": ("截屏", "Screenshot"),
    "volume": ("调节音量", "Set volume"),
    "print-test": ("打印测试页", "Print test page"),
    "resync": ("重新同步", "Re-sync"),
    "wipe": ("清除数据", "Wipe"),
}

COMMAND_STATES: dict[str, Words] = {
    "waiting": ("等待下发", "Waiting"),
    "leased": ("已下发", "Handed out"),
    "done": ("已完成", "Done"),
    "failed": ("失败", "Failed"),
    "refused": ("终端拒绝", "Refused by the kiosk"),
    "expired": ("已过期", "Expired"),
    "cancelled": ("已取消", "Cancelled"),
}

PAYMENT_STATES: dict[str, Words] = {
    "created": ("已建立", "Created"),
    "pending": ("待支付", "Pending"),
    "paid": ("已支付", "Paid"),
    "closed": ("已关闭", "Closed"),
    "unknown": ("待查证", "Being checked"),
    "delivered": ("已入账", "Booked"),
    "refunding": ("退款中", "Refunding"),
    "refunded": ("已退款", "Refunded"),
}

CERTIFICATE_STATES: dict[str, Words] = {
    "issued": ("已开具", "Issued"),
    "delivered": ("已打印", "Printed"),
    "voided": ("已作废", "Voided"),
    "delivery-unknown": ("打印结果未知", "Print outcome unknown"),
}

IDENTITIES: dict[str, Words] = {
    "planned": ("待注册", "Planned"),
    "enrolled": ("已注册", "Enrolled"),
    "quarantined": ("已隔离", "Quarantined"),
    "revoked": ("已吊销", "Revoked"),
    "retired": ("已退役", "Retired"),
}

# 好差评: the five grades of the national rating.
GRADES: dict[int, Words] = {
    5: ("非常满意", "Very content"),
    4: ("满意", "Content"),
    3: ("基本满意", "Fairly content"),
    2: ("不满意", "Not content"),
    1: ("非常不满意", "Not content at all"),
}

# The columns of the list of kiosks.
COLUMNS: dict[str, Words] = {
    "site": ("站点", "Site"),
    "region": ("区划", "Region"),
    "trouble": ("故障", "Trouble"),
    "seen": ("最后心跳", "Last heard"),
    "since": ("状态变化", "Changed"),
    "model": ("型号", "Model"),
    "serial": ("序列号", "Serial number"),
    "software": ("软件", "Software"),
    "content": ("内容", "Content"),
    "certificate": ("证书到期", "Certificate until"),
}

LEVELS: dict[int, Words] = {
    0: ("全国", "Country"),
    1: ("省", "Province"),
    2: ("市", "City"),
    3: ("县区", "County"),
    4: ("乡镇", "Township"),
    5: ("村", "Village"),
}


def named(table: dict[str, Words], code: str) -> Words:
    """The words of `code`, or the code itself."""
    return table.get(code, (code, code))


def trouble(code: str, detail: str = "") -> Words:
    """ "document_printer.paper.jammed" -> ("文档打印机卡纸", "Document printer: paper jam").

    `detail`: what the device says of it, for technicians; it tells what a hand is needed for."""
    if not code:
        return ("", "")
    parts = code.split(".")
    device = named(DEVICES, parts[0])
    if len(parts) == 3:
        supply, state = named(SUPPLIES, parts[1]), named(SUPPLY_STATES, parts[2])
        put_together = (supply[0] + state[0], f"{supply[1]} {state[1]}".lower())
        what = _TROUBLES.get(f"{parts[1]}.{parts[2]}", put_together)
    elif len(parts) == 2:
        state = _TROUBLES.get(parts[1]) or SUPPLY_STATES.get(parts[1]) or named(DEVICE_STATES, parts[1])
        what = (state[0], state[1].lower())
        if parts[1] == "userError":
            what = next((hand for mark, hand in _HANDS.items() if mark in detail.lower()), what)
    else:
        return device
    return (device[0] + what[0], f"{device[1]}: {what[1]}")


def event_detail(kind: str, detail: dict[str, Any]) -> Words:
    """What an event's detail says, in words; anything unforeseen as `name: value`."""
    if kind == "device-changed" and isinstance(detail.get("after"), dict):
        return _device_changed(detail)
    if "before" in detail and "after" in detail:
        return _versions(detail)
    zh: list[str] = []
    en: list[str] = []

    def say(words: Words) -> None:
        if words[0]:
            zh.append(words[0])
            en.append(words[1])

    rest = {key: value for key, value in detail.items() if key not in _NOT_SAID}
    for key, mark in (("troubles", ("", "")), ("began", ("出现：", "began: ")), ("ended", ("恢复：", "cleared: "))):
        codes = rest.pop(key, None)
        if isinstance(codes, list) and codes:
            found = [trouble(_code(entry)) for entry in codes]
            say((mark[0] + "、".join(pair[0] for pair in found), mark[1] + ", ".join(pair[1] for pair in found)))
        elif codes not in (None, []):
            rest[key] = codes
    if isinstance(code := rest.get("trouble"), str):
        rest.pop("trouble")
        say(trouble(code))
    if isinstance(device := rest.get("device"), str):
        rest.pop("device")
        say(named(DEVICES, device))
    if isinstance(health := rest.get("health"), str):
        rest.pop("health")
        say(named(HEALTHS, health))
    if isinstance(serving := rest.get("in_service"), bool):
        rest.pop("in_service")
        say(("恢复服务", "in service") if serving else ("暂停服务", "out of service"))
    for key, table in _TABLES.get(kind, {"state": DEVICE_STATES}).items():
        if isinstance(value := rest.get(key), str):
            rest.pop(key)
            say(named(table, value))
    for key, value in rest.items():
        if value not in (None, "", [], {}):
            name = named(_NAMES, key)
            say((f"{name[0]}：{_plain(value)}", f"{name[1]}: {_plain(value)}"))
    return ("；".join(zh), "; ".join(en))


def _device_changed(detail: dict[str, Any]) -> Words:
    """What the device is now: its troubles, or that it works."""
    name = str(detail.get("device", ""))
    after = detail["after"]
    device = named(DEVICES, name)
    if not after:
        return (f"{device[0]}：不再上报", f"{device[1]}: not reported any more")
    state = str(after.get("state", ""))
    codes = [] if state in _FINE else [f"{name}.{state}"]
    supplies = after.get("supplies") or {}
    codes += [f"{name}.{supply}.{how}" for supply, how in sorted(supplies.items()) if how in ("low", "out", "jammed")]
    if not codes:
        return (f"{device[0]}恢复正常", f"{device[1]}: works again")
    found = [trouble(code, str(after.get("detail", ""))) for code in codes]
    return ("、".join(pair[0] for pair in found), ", ".join(pair[1] for pair in found))


def _versions(detail: dict[str, Any]) -> Words:
    what = named({"software": ("软件", "Software"), "content": ("内容", "Content")}, str(detail.get("of", "")))
    change = f"{detail['before'] or '–'} → {detail['after'] or '–'}"
    return (f"{what[0]} {change}".strip(), f"{what[1]} {change}".strip())


def trouble_patterns(text: str) -> list[str]:
    """The ends of trouble codes that `text` may mean in either language: "卡纸" -> ["paper.jammed"]."""
    text = text.strip().lower()
    if len(text) < 2:
        return []
    found = [code for code, words in _TROUBLES.items() if any(text in word.lower() for word in words)]
    found += [code for code, words in DEVICE_STATES.items() if code not in _FINE and text in words[0]]
    return found


def device_patterns(text: str) -> list[str]:
    """The devices that `text` may mean in either language: "scanner" -> ["code_scanner"]."""
    text = text.strip().lower()
    if len(text) < 2:
        return []
    return [
        device
        for device, names in DEVICES.items()
        if any(text in name.lower() for name in (*names, *_ALIASES.get(device, ())))
    ]


# Titles of the alerts' rules; their package enters them.
ALERT_RULES: dict[str, Words] = {}
_ALERT_DEEDS: dict[str, Words] = {"opened": ("出现", "opened"), "cleared": ("恢复", "cleared")}
_WORK_DEEDS: dict[str, Words] = {
    "created": ("建立", "made"),
    "accept": ("接单", "accepted"),
    "arrive": ("到达现场", "on site"),
    "done": ("处理完毕", "done"),
    "close": ("验收关闭", "closed"),
    "reopen": ("重新打开", "reopened"),
    "cancel": ("取消", "cancelled"),
}
_ROLLOUT_STATES: dict[str, Words] = {
    "succeeded": ("已运行新版本", "runs the new version"),
    "failed": ("失败", "failed"),
    "silent": ("没有回音", "silent"),
    "restoring": ("回退中", "going back"),
    "restored": ("已回到旧版本", "back on the old version"),
    "stuck": ("未能回退", "could not go back"),
}
# By the event's kind: which of its detail's values are codes, and whose.
_TABLES: dict[str, dict[str, dict[str, Words]]] = {
    "command": {"kind": COMMANDS, "what": COMMANDS, "state": COMMAND_STATES},
    "alert": {"rule": ALERT_RULES, "what": _ALERT_DEEDS},
    "work-order": {"what": _WORK_DEEDS},
    "rollout": {"state": _ROLLOUT_STATES},
}
_NAMES: dict[str, Words] = {
    "by": ("下达人", "by"),
    "code": ("代码", "code"),
    "detail": ("说明", "detail"),
    "entered": ("录入的序列号", "serial number entered"),
    "epoch": ("第几次注册", "enrolment no."),
    "found": ("机器的序列号", "serial number found"),
    "key": ("密钥在", "key in"),
    "reason": ("原因", "reason"),
    "revision": ("配置版本", "settings revision"),
    "times": ("次数", "times"),
    "version": ("版本", "version"),
    "why": ("原因", "why"),
}

_NOT_SAID = (
    "alert",
    "order",
    "rollout",
    "command",
    "batch",
    "approval",
    "urgent",
    "digest",
    "serial",
    "boot",
    "at",
)  # for programs
_FINE = ("online", "deviceBusy", "starting")


def _code(entry: object) -> str:
    return str(entry.get("code", "")) if isinstance(entry, dict) else str(entry)


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(inner) for inner in value)
    return str(value)
