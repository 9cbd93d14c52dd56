"""What is told, in Chinese and English: what, where, since when, what to do, and where to look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from backend.alerts.models import Alert, MessageKind
from backend.alerts.rules import RULES

CHINA = ZoneInfo("Asia/Shanghai")

_KIND = {
    MessageKind.ALERT: ("告警", "Alert"),
    MessageKind.AGAIN: ("仍未恢复", "Still there"),
    MessageKind.ESCALATION: ("无人处理", "Nobody has answered"),
    MessageKind.CLEAR: ("已恢复", "All clear"),
}


@dataclass(frozen=True)
class Place:
    """Where it is, in words: "青山市 白河县", and the site if it is one kiosk's."""

    region_zh: str
    region_en: str
    site_zh: str = ""
    site_en: str = ""


@dataclass(frozen=True)
class Composed:
    title: str
    text: str


def what(alert: Alert, language: str) -> str:
    """The trouble in one line, without the place."""
    rule = RULES[alert.rule]
    zh, en = rule.words(alert.detail)
    if alert.members:
        zh, en = f"至少 {alert.members:,} 台：{rule.title[0]}", f"{rule.title[1]}: at least {alert.members:,} terminals"
    return zh if language == "zh" else en


def compose(alert: Alert, kind: MessageKind, place: Place, link: str, now: datetime, language: str) -> Composed:
    zh = language == "zh"
    rule = RULES[alert.rule]
    word = _KIND[kind][0 if zh else 1]
    where = _where(alert, place, zh)
    headline = _headline(alert, place, zh)
    title = f"【{word}】{headline}" if zh else f"[{word}] {headline}"
    lines = [what(alert, language)]
    if kind is MessageKind.CLEAR:
        lines[0] = f"已恢复：{lines[0]}" if zh else f"All clear: {lines[0]}"
        if left := alert.detail.get("left"):
            lines.append(f"其余 {left} 台另行告警。" if zh else f"{left} terminals are still there and told apart.")
    lines.append(f"地点：{where}" if zh else f"Where: {where}")
    since = alert.since.astimezone(CHINA).strftime("%m-%d %H:%M")
    lines.append(f"开始：{since}" if zh else f"Since: {since} (China)")
    if kind is MessageKind.CLEAR:
        until = now.astimezone(CHINA).strftime("%m-%d %H:%M")
        lines.append(f"恢复：{until}" if zh else f"Until: {until} (China)")
    else:
        lines.append(f"处理：{rule.advice[0]}" if zh else f"To do: {rule.advice[1]}")
    lines.append(link)
    return Composed(title[:200], "\n".join(lines)[:2000])


def _headline(alert: Alert, place: Place, zh: bool) -> str:
    rule = RULES[alert.rule]
    if alert.members:
        since = alert.since.astimezone(CHINA).strftime("%H:%M")
        if zh:
            return f"{place.region_zh or '全网'} {since} 起至少 {alert.members:,} 台{rule.title[0]}"
        return (
            f"{rule.title[1]}: at least {alert.members:,} terminals in {place.region_en or 'the fleet'} since {since}"
        )
    name = (place.site_zh if zh else place.site_en) or (place.region_zh if zh else place.region_en) or "Menkou"
    return f"{name} {what(alert, 'zh')}" if zh else f"{name}: {what(alert, 'en')}"


def _where(alert: Alert, place: Place, zh: bool) -> str:
    parts = (place.region_zh, place.site_zh) if zh else (place.site_en, place.region_en)
    text = (" " if zh else ", ").join(part for part in parts if part) or ("全网" if zh else "the fleet")
    if alert.kiosk_id:
        text += f"({alert.kiosk_id})" if zh else f" ({alert.kiosk_id})"
    return text


def facts(alert: Alert, kind: MessageKind, place: Place, link: str, now: datetime) -> dict[str, Any]:
    """The same for programs."""
    return {
        "kind": kind.value,
        "alert_id": alert.alert_id,
        "rule": alert.rule,
        "severity": alert.severity,
        "subject": alert.subject,
        "kiosk_id": alert.kiosk_id,
        "region_code": alert.region_code,
        "region": place.region_zh,
        "site": place.site_zh,
        "since": alert.since.isoformat(),
        "at": now.isoformat(),
        "terminals": alert.members or None,
        "detail": alert.detail,
        "link": link,
    }
