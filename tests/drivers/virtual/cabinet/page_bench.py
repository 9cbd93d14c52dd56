"""One page in a real browser for a module's tests, and what a test does on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drivers.virtual.cabinet.client import CabinetClient

from .conftest import Running

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_MS = 40_000

needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@dataclass
class Opened:
    page: Any
    complaints: list[str]


@pytest.fixture(scope="module")
def opened(browser: Any, running: Running) -> Opened:
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(running.url, wait_until="commit")
    page.wait_for_selector("body[data-ready]")
    return Opened(page, complaints)


@pytest.fixture
def page(opened: Opened, hands: CabinetClient) -> Iterator[Any]:
    """One page for all: it must go on working whatever has been done to it. `hands` restores the cabinet."""
    opened.complaints.clear()
    opened.page.set_viewport_size({"width": 1440, "height": 900})
    opened.page.evaluate("document.querySelectorAll(':popover-open').forEach((layer) => layer.hidePopover())")
    yield opened.page
    assert opened.complaints == []


class Panel:
    """One device on the page."""

    def __init__(self, page: Any, device: str) -> None:
        self.page = page
        self.device = device
        self.section = page.locator(f'[data-device="{device}"]')

    def click(self, name: str) -> None:
        self.section.get_by_role("button", name=name, exact=True).click()

    def open(self, layer: str = "") -> None:
        """Open the faults, or another layer by its opener's name."""
        self.section.get_by_role("button", name=re.compile(layer or "故障$")).click()

    def pressed(self, name: str) -> None:
        self.page.wait_for_selector(f'[data-device="{self.device}"] button[data-pressed]:text-is("{name}")')

    def status(self, text: str) -> None:
        self.page.wait_for_selector(f'[data-device="{self.device}"] .status:has-text("{text}")')


def in_bar(page: Any, name: str) -> Any:
    return page.locator(".bar").get_by_role("button", name=name, exact=True)
