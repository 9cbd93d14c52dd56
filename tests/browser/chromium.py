"""Debian's Chromium, and what a page must never do: break the policy, fail a request, or puzzle a screen reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from backend.staff.roles import Staff
from tests.browser.served import Served

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parents[1] / "assets" / "axe.min.js"
PATIENCE_MS = 30_000
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed")


@contextmanager
def chromium() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Signed:
    """A page of a signed-in person. `complaints` gathers what must not be: check it at the end of a test."""

    page: Any
    url: str
    complaints: list[str] = field(default_factory=list)

    def goto(self, path: str) -> Any:
        """Open a page of the console and wait until its charts are drawn."""
        self.page.goto(self.url + path, wait_until="load")
        self.until("[...document.querySelectorAll('[data-chart], #map')].every((chart) => chart.dataset.ready)")
        return self.page

    def until(self, true: str) -> None:
        """Wait until this expression holds. Playwright's own waiting evaluates text inside the page, which its policy
        forbids from the second try on; the debugger's evaluation is not bound by it."""
        for _ in range(PATIENCE_MS // 50):
            if self.page.evaluate(true):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never true: {true}")

    def axe(self) -> list[str]:
        """What axe-core objects to: "rule: element"."""
        if not self.page.evaluate("typeof window.axe === 'object'"):
            self.page.evaluate(AXE.read_text())  # the debugger is not bound by the page's policy
        found = self.page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then((report) => report.violations.flatMap("
            "(rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')} ${node.failureSummary}`)))"
        )
        return [str(line) for line in found]

    def overflows(self) -> bool:
        """Whether the page is wider than the window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))


def signed_in(
    browser: Any, desk: Served, staff: Staff, *, language: str = "zh", size: dict[str, int] | None = None
) -> Signed:
    """A fresh browser window of this person."""
    desk.gate.known[staff.staff_id] = staff
    context = browser.new_context(
        viewport=size or WIDE,
        locale="zh-CN" if language == "zh" else "en-GB",
        extra_http_headers={"x-test-staff": staff.staff_id},
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    signed = Signed(page, desk.url)
    page.on("console", lambda message: message.type in ("error", "warning") and signed.complaints.append(message.text))
    page.on("pageerror", lambda error: signed.complaints.append(str(error)))
    return signed
