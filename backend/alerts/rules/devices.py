"""Devices that do not work, and paper or toner that is low or out: from the report's troubles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from backend.alerts.rules.base import Facts, Finding, Rule
from backend.alerts.words import device_words, supply_words
from backend.fleet.events import Severity
from backend.fleet.models import KioskState


def _troubles(facts: Facts) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """(device, supply or "", state, trouble)."""
    for trouble in facts.state.troubles:
        parts = str(trouble.get("code", "")).split(".")
        if len(parts) == 3:
            yield parts[0], parts[1], parts[2], trouble
        elif len(parts) == 2:
            yield parts[0], "", parts[1], trouble


def _finding(facts: Facts, device: str, supply: str, state: str, trouble: dict[str, Any]) -> Finding:
    detail = {
        "device": device,
        "supply": supply,
        "state": state,
        "code": trouble.get("code", ""),
        "action": trouble.get("action", ""),
        "note": str(trouble.get("detail", ""))[:200],
    }
    return Finding(facts.state.changed_at or facts.now, f"{device}.{supply}" if supply else device, detail)


def look_fault(facts: Facts, threshold: float) -> Sequence[Finding]:
    return [
        _finding(facts, device, supply, state, trouble)
        for device, supply, state, trouble in _troubles(facts)
        if state == "jammed" or not supply
    ]


def look_out(facts: Facts, threshold: float) -> Sequence[Finding]:
    return _supplies(facts, "out", kept_by=("jammed",))


def look_low(facts: Facts, threshold: float) -> Sequence[Finding]:
    return _supplies(facts, "low", kept_by=("out", "jammed"))


def _supplies(facts: Facts, wanted: str, kept_by: tuple[str, ...]) -> Sequence[Finding]:
    """A supply has one state: one that is out now is not well again because it is not low any more."""
    found: list[Finding] = []
    for device, supply, state, trouble in _troubles(facts):
        if supply and state in (wanted, *kept_by):
            finding = _finding(facts, device, supply, state, trouble)
            found.append(finding if state == wanted else replace(finding, only_keeps=True))
    return found


def coarse(now: datetime, threshold: float) -> ColumnElement[bool]:
    return KioskState.trouble != ""


DEVICE_FAULT = Rule(
    name="device-fault",
    title=("设备故障", "Device fault"),
    advice=("派人到现场处理；可先在终端页面发“自检”。", "Try a self-test from the kiosk's page, then send somebody."),
    words=device_words,
    severity=Severity.ERROR,
    look=look_fault,
    coarse=coarse,
    hold_s=60,
    quiet_s=120,
    escalate_min=240,
)
SUPPLY_OUT = Rule(
    name="supply-out",
    title=("耗材用尽", "Supply out"),
    advice=("请现场人员加纸或更换墨粉。", "Ask the people there to add paper or change the toner."),
    words=supply_words,
    severity=Severity.ERROR,
    look=look_out,
    coarse=coarse,
    hold_s=60,
    quiet_s=60,
    escalate_min=240,
)
SUPPLY_LOW = Rule(
    name="supply-low",
    title=("耗材不足", "Supply low"),
    advice=("请在下次巡检时补充。", "Refill at the next visit."),
    words=supply_words,
    severity=Severity.WARNING,
    look=look_low,
    coarse=coarse,
    hold_s=600,
    quiet_s=300,
    again_h=72,
)
