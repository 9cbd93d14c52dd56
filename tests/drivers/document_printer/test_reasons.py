from __future__ import annotations

import pytest

from drivers.document_printer.reasons import Reason, Severity, judge
from drivers.status import Action, DeviceState, SupplyState


@pytest.mark.parametrize(
    ("raw", "keyword", "severity"),
    [
        ("media-empty-report", "media-empty", Severity.REPORT),
        ("toner-low-warning", "toner-low", Severity.WARNING),
        ("media-jam-error", "media-jam", Severity.ERROR),
        ("media-jam", "media-jam", Severity.ERROR),
        ("com.vendor.x-report", "com.vendor.x", Severity.REPORT),
    ],
)
def test_suffix(raw: str, keyword: str, severity: Severity) -> None:
    assert Reason.parse(raw) == Reason(keyword, severity)


@pytest.mark.parametrize(
    "keyword",
    [
        "media-empty",
        "media-needed",
        "media-jam",
        "cover-open",
        "door-open",
        "interlock-open",
        "input-tray-missing",
        "toner-empty",
        "marker-supply-empty",
        "marker-waste-full",
        "output-area-full",
        "fuser-over-temp",
        "fuser-under-temp",
        "stopped",
        "paused",
        "shutdown",
        "timed-out",
        "offline",
    ],
)
@pytest.mark.parametrize("suffix", ["", "-report", "-warning", "-error"])
def test_hard_stops_whatever_the_suffix(keyword: str, suffix: str) -> None:
    assert judge([keyword + suffix]).hard == {keyword}


@pytest.mark.parametrize(
    "keyword",
    [
        "toner-low",
        "marker-supply-low",
        "media-low",
        "marker-waste-almost-full",
        "output-area-almost-full",
        "opc-near-eol",
        "com.vendor.unheard-of",
    ],
)
def test_warnings_do_not_stop(keyword: str) -> None:
    verdict = judge([f"{keyword}-warning"])
    assert not verdict.hard
    assert verdict.device is None
    assert verdict.action is Action.CLEAR


def test_worst_of_several_counts() -> None:
    verdict = judge(
        ["media-low-warning", "media-jam-error", "media-empty", "toner-low", "cover-open", "fuser-over-temp"]
    )
    assert verdict.supplies == {"paper": SupplyState.JAMMED, "toner": SupplyState.LOW}
    assert verdict.device is DeviceState.HARDWARE_ERROR
    assert verdict.action is Action.MAINTENANCE


def test_none_and_ignored_keywords() -> None:
    verdict = judge(["none", "media-empty-report"], ignored=frozenset({"media-empty"}))
    assert not verdict.keywords
    assert verdict.supplies == {"paper": SupplyState.FULL, "toner": SupplyState.FULL}
