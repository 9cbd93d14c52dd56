"""Troubles that are no kiosk's: money, the desk's own jobs and messages, rosters, rollouts, forecasts."""

from __future__ import annotations

from typing import Any

from backend.alerts.rules.base import Rule
from backend.alerts.words import device_name, supply_name
from backend.fleet.events import Severity


def _forecast_words(detail: dict[str, Any]) -> tuple[str, str]:
    zh, en = device_name(str(detail.get("device", "")))
    zh_supply, en_supply = supply_name(str(detail.get("supply", "")))
    day = detail.get("day", "")
    return f"{zh}{zh_supply}预计 {day} 用完", f"{en}: {en_supply} will run out about {day}"


_PAYMENT = {
    "not-posted": ("已收款但部门未入账", "paid, but not booked by the department"),
    "refund-stuck": ("退款未完成", "a refund is not done"),
    "unknown": ("支付结果不明", "nobody knows whether it was paid"),
}


def _payment_words(detail: dict[str, Any]) -> tuple[str, str]:
    zh, en = _PAYMENT.get(str(detail.get("what")), ("账款有差异", "a payment does not add up"))
    fen = int(detail.get("amount_fen", 0))
    yuan = f"{fen // 100}.{fen % 100:02d}"
    return f"{zh}({yuan} 元)", f"{en} (CNY {yuan})"


def _job_words(detail: dict[str, Any]) -> tuple[str, str]:
    return f"后台任务“{detail.get('job')}”没有按时完成", f'the job "{detail.get("job")}" has not been done in time'


def _outbox_words(detail: dict[str, Any]) -> tuple[str, str]:
    return (
        f"{detail.get('channel')} 通道有 {detail.get('waiting')} 条消息发不出去",
        f"{detail.get('waiting')} messages cannot be sent by {detail.get('channel')}",
    )


def _duty_words(detail: dict[str, Any]) -> tuple[str, str]:
    return "此地区及其上级当前无人值班", "nobody is on duty for this region nor above it"


def _rollout_words(detail: dict[str, Any]) -> tuple[str, str]:
    name = detail.get("name", "")
    if detail.get("by_hand"):
        return f"发布“{name}”已由人中止", f'the rollout "{name}" was halted by hand'
    return f"发布“{name}”已自动停止", f'the rollout "{name}" was halted by its gate'


_CALLS = {
    "button": ("居民在终端上按了呼叫键", "a resident touched the call button"),
    "assistance": ("居民要人帮代办", "a resident wants somebody to help with an errand"),
}


def _call_words(detail: dict[str, Any]) -> tuple[str, str]:
    reason = str(detail.get("reason", ""))
    zh, en = _CALLS.get(reason, (f"终端前有人需要帮助({reason})", f"somebody at the terminal needs help ({reason})"))
    return (f"优先：{zh}", f"priority: {en}") if detail.get("priority") else (zh, en)


_ROLES = {
    "root": ("根", "root"),
    "targets": ("发布", "targets"),
    "snapshot": ("快照", "snapshot"),
    "timestamp": ("时间戳", "timestamp"),
}


def _signing_words(detail: dict[str, Any]) -> tuple[str, str]:
    role = str(detail.get("role", ""))
    if role not in _ROLES:
        return "中心的签名文件已损坏", "the desk's signed metadata is damaged"
    zh, en = _ROLES[role]
    if detail.get("over"):
        return (
            f"内容签名（{zh}）已过期，终端不再接收新内容",
            f"the signatures of {en} have ended: kiosks take nothing",
        )
    days = detail.get("days")
    return f"内容签名（{zh}）将在 {days} 天内到期", f"the signatures of {en} end within {days} days"


CONTENT_SIGNING = Rule(
    name="content-signing",
    title=("内容签名即将到期", "Content signatures end"),
    advice=(
        "请密钥保管人重新签名；快照和时间戳由中心自动续签，请查看其日志。",
        "Have root or targets signed anew; snapshot and timestamp renew themselves: see the desk's log.",
    ),
    words=_signing_words,
    severity=Severity.WARNING,
    threshold=30,
    unit=("天", "days"),
    hold_s=0,
    quiet_s=0,
    again_h=24 * 7,
    groups=False,
)
STAFF_CALL = Rule(
    name="staff-call",
    title=("呼叫工作人员", "Staff called"),
    advice=("请到终端前去，并确认这条告警。", "Go to the terminal, and acknowledge this alert."),
    words=_call_words,
    severity=Severity.ERROR,  # somebody stands there: told at any hour
    threshold=30,
    unit=("分钟", "minutes"),
    hold_s=0,
    quiet_s=0,
    again_h=0,
    escalate_min=10,
    groups=False,
)
_STOCKS = {
    "business-licence": ("空白营业执照", "blank business licences"),
    "real-estate-certificate": ("空白不动产权证", "blank real estate certificates"),
}


def _stock_words(detail: dict[str, Any]) -> tuple[str, str]:
    stock, left = str(detail.get("stock", "")), detail.get("value", 0)
    zh, en = _STOCKS.get(stock, (f"空白证照({stock})", f"blanks ({stock})"))
    return f"{zh}还剩 {left} 张", f"{left} {en} left"


STOCK_LOW = Rule(
    name="stock-low",
    title=("空白证照不足", "Blanks low"),
    advice=(
        "请装入新的空白证照，并用 menkou stock load 登记起止编号。",
        "Put blanks in and enter their numbers with menkou stock load.",
    ),
    words=_stock_words,
    severity=Severity.WARNING,
    threshold=20,
    unit=("张", "sheets"),
    hold_s=0,
    quiet_s=0,
    again_h=24,
)
SUPPLY_FORECAST = Rule(
    name="supply-forecast",
    title=("耗材即将用完", "Supply will run out"),
    advice=("请在用完之前安排补充。", "Refill before that day."),
    words=_forecast_words,
    severity=Severity.WARNING,
    threshold=3,
    unit=("天", "days"),
    hold_s=0,
    quiet_s=0,
    again_h=72,
)
PAYMENT = Rule(
    name="payment",
    title=("账款差异", "Payment difference"),
    advice=(
        "请财务核对该笔交易；不要手工重复收款。",
        "Check it with gateway and department; never charge again.",
    ),
    words=_payment_words,
    severity=Severity.ERROR,
    threshold=30,
    unit=("分钟", "minutes"),
    hold_s=0,
    quiet_s=0,
    escalate_min=240,
)
ROLLOUT = Rule(
    name="rollout",
    title=("发布已停止", "Rollout halted"),
    advice=("查看发布页面上失败的终端，再决定继续或回退。", "Look at what failed, then resume or roll back."),
    words=_rollout_words,
    severity=Severity.ERROR,
    hold_s=0,
    quiet_s=0,
    groups=False,
)
JOB = Rule(
    name="desk-job",
    title=("中心任务停顿", "Desk job stuck"),
    advice=("检查后台工作进程和数据库。", "Check the worker processes and the database."),
    words=_job_words,
    severity=Severity.ERROR,
    threshold=10,
    unit=("分钟", "minutes"),
    hold_s=60,
    quiet_s=60,
    groups=False,
)
OUTBOX = Rule(
    name="desk-outbox",
    title=("通知发不出去", "Messages stuck"),
    advice=("检查邮件、短信或 webhook 的服务器。", "Check the mail, message or webhook server."),
    words=_outbox_words,
    severity=Severity.ERROR,
    threshold=10,
    unit=("分钟", "minutes"),
    hold_s=0,
    quiet_s=60,
    groups=False,
)
DUTY = Rule(
    name="duty-empty",
    title=("无人值班", "Nobody on duty"),
    advice=("请补齐值班表。", "Complete the roster."),
    words=_duty_words,
    severity=Severity.WARNING,
    hold_s=0,
    quiet_s=0,
    groups=False,
)
