"""Words of the alerts' pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend.alerts.messages import what
from backend.alerts.models import Alert
from backend.alerts.words import device_name, supply_name, trouble_words
from backend.fleet.models import Site
from backend.regions.division import lineage

SEVERITY = {"error": ("严重", "Error"), "warning": ("警告", "Warning"), "info": ("提示", "Info")}
NOTES = {
    "alert": ("已通知", "Told"),
    "again": ("再次通知", "Told again"),
    "escalation": ("已上报上级", "Escalated"),
    "cleared": ("已恢复", "Cleared"),
    "acknowledged": ("已确认", "Acknowledged"),
    "suppressed": ("暂不通知", "Not told for now"),
    "work-order": ("已建工单", "Work order made"),
    "work-done": ("工单已关闭", "Work order closed"),
}
KINDS = {
    "alert": ("告警", "Alert"),
    "again": ("再次", "Again"),
    "escalation": ("上报", "Escalation"),
    "clear": ("恢复", "All clear"),
}
CHANNELS = {"email": ("邮件", "E-mail"), "webhook": ("Webhook", "Webhook"), "sms": ("短信", "SMS")}
SENT = {
    "waiting": ("等待发送", "Waiting"),
    "sent": ("已发送", "Sent"),
    "given-up": ("未能送达", "Given up"),
    "dropped": ("已取消", "Dropped"),
}
SUPPRESSED = {
    "work-order": ("技术人员在现场", "a technician is on site"),
    "out-of-service": ("工作人员已停用", "staff have closed it"),
}
WORK = {
    "new": ("待接单", "New"),
    "accepted": ("已接单", "Accepted"),
    "on-site": ("现场处理中", "On site"),
    "done": ("待验收", "Done"),
    "closed": ("已关闭", "Closed"),
    "cancelled": ("已取消", "Cancelled"),
}
WORK_NOTES = {
    "created": ("建立", "Made"),
    "accept": ("接单", "Accepted"),
    "arrive": ("到达现场", "Arrived"),
    "done": ("处理完毕", "Done"),
    "close": ("验收关闭", "Closed"),
    "reopen": ("重新打开", "Reopened"),
    "cancel": ("取消", "Cancelled"),
    "checked": ("确认", "Ticked"),
    "unchecked": ("取消确认", "Tick taken away"),
    "note": ("备注", "Note"),
    "command": ("下发命令", "Command"),
}
BASIS = {
    "level": ("按余量推算", "from its level"),
    "counter": ("按用量推算", "from its counter"),
    "out": ("已用完", "it is out"),
    "not-enough-data": ("数据不足", "not enough data"),
    "steady": ("近期不会用完", "not within months"),
    "": ("数据不足", "not enough data"),
}
FIELDS = {
    "enabled": ("启用", "On"),
    "severity": ("级别", "Severity"),
    "threshold": ("阈值", "Threshold"),
    "hold_s": ("持续多久才告警（秒）", "Hold before opening (s)"),
    "quiet_s": ("恢复多久才算恢复（秒）", "Quiet before clearing (s)"),
    "again_h": ("每隔几小时重复（0 不重复）", "Tell again every (h, 0: never)"),
    "escalate_min": ("几分钟无人确认则上报（0 不上报）", "Escalate after (min, 0: never)"),
}
DAYS = (("一", "Mon"), ("二", "Tue"), ("三", "Wed"), ("四", "Thu"), ("五", "Fri"), ("六", "Sat"), ("日", "Sun"))


@dataclass(frozen=True)
class Where:
    region: tuple[str, str]
    site: tuple[str, str]


def where(alert: Alert, names: dict[str, tuple[str, str]], site: Site | None) -> Where:
    path = lineage(alert.region_code)[1:]
    known = [names[code] for code in (path[1:] or path) if code in names]
    zh = " ".join(name[0] for name in known) or "全网"
    en = ", ".join(name[1] for name in reversed(known)) or "Whole fleet"
    return Where((zh, en), (site.name_zh, site.name_en) if site else ("", ""))


def trouble(alert: Alert) -> tuple[str, str]:
    return what(alert, "zh"), what(alert, "en")


def named(table: dict[str, tuple[str, str]], key: str) -> tuple[str, str]:
    return table.get(key, (key, key))


def supply(device: str, name: str) -> tuple[str, str]:
    (zh, en), (zh_supply, en_supply) = device_name(device), supply_name(name)
    return f"{zh}{zh_supply}", f"{en}, {en_supply}"


def code(text: str) -> tuple[str, str]:
    return trouble_words(text)


def task(text: str) -> tuple[str, str]:
    """A work order's task: as a person wrote it, or in both languages."""
    zh, _, en = text.partition("\n")
    return zh, en or zh


def clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def detail_text(detail: dict[str, Any]) -> str:
    return ", ".join(str(part) for part in detail.get("told", ()))
