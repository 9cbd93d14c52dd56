"""What people read of codes: words of the right language, and nothing raw that has a name."""

from __future__ import annotations

import re
from typing import Any

import backend.alerts.rules  # noqa: F401 - enters its titles
from backend.fleet import words


def test_an_open_cover_is_called_so() -> None:
    code = "receipt_printer.userError"
    assert words.trouble(code, "cover-open") == ("凭条打印机盖子开着", "Receipt printer: cover open")
    assert words.trouble(code) == ("凭条打印机要人处理", "Receipt printer: needs a hand")
    assert words.trouble("receipt_printer.offline", "cover-open")[1] == "Receipt printer: not answering"
    after = {"state": "userError", "detail": "cover-open"}
    said = words.event_detail("device-changed", {"device": "receipt_printer", "before": {}, "after": after})
    assert said == ("凭条打印机盖子开着", "Receipt printer: cover open")


def test_events_are_told_without_keys() -> None:
    told: dict[tuple[str, tuple[str, str]], dict[str, Any]] = {
        ("alert", ("设备故障；出现", "Device fault; opened")): {
            "rule": "device-fault",
            "what": "opened",
            "alert": "a1",
        },
        ("command", ("截屏；已完成", "Screenshot; Done")): {"what": "screenshot", "state": "done", "command": "c1"},
        ("work-order", ("接单；", "accepted; ")): {"what": "accept", "order": "o1"},
        ("rollout", ("失败；版本：v2", "failed; version: v2")): {"rollout": "r1", "version": "v2", "state": "failed"},
        ("enrolled", ("第几次注册：2；密钥在：file", "enrolment no.: 2; key in: file")): {
            "epoch": 2,
            "serial": "ab",
            "key": "file",
        },
    }
    for (kind, (zh, en)), detail in told.items():
        assert words.event_detail(kind, detail) == (zh.rstrip("；"), en.rstrip("; "))


def test_english_has_no_chinese_marks() -> None:
    details: list[dict[str, Any]] = [
        {"what": "opened", "rule": "device-fault"},
        {"reason": "x", "by": "y", "code": "z"},
        {"began": ["clock.skewed"], "ended": ["storage.low"]},
    ]
    for kind in words.EVENTS:
        for detail in details:
            assert not re.search("[：；（），、]", words.event_detail(kind, detail)[1]), (kind, detail)


def test_devices_are_found_by_what_people_call_them() -> None:
    assert words.device_patterns("scanner") == ["code_scanner"]
    assert words.device_patterns("读卡器") == ["id_reader", "smart_card"]
    assert words.device_patterns("Printer") == ["receipt_printer", "document_printer"]
    assert words.device_patterns("K-9901") == []
    assert words.device_patterns("a") == []


def test_supplies_have_names() -> None:
    for supply in ("disk_life", "special", "stationery"):
        assert supply in words.SUPPLIES
