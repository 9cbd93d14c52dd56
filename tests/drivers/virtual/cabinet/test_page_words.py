"""The page speaks two languages, everywhere."""

from __future__ import annotations

from typing import Any

from drivers.virtual.cabinet.client import CabinetClient

from .conftest import Running
from .page_bench import browser, in_bar, needs_chromium, opened, page

__all__ = ["browser", "opened", "page"]  # fixtures

pytestmark = needs_chromium


def test_speaks_english_and_remembers(page: Any, running: Running) -> None:
    in_bar(page, "English").click()
    in_bar(page, "Cut network").wait_for()
    assert page.evaluate("document.documentElement.lang") == "en"
    for name in ("ID card reader", "Camera", "The resident's phone", "Code scanner", "Banknotes", "The box"):
        page.get_by_role("heading", name=name).wait_for()
    page.reload(wait_until="commit")
    in_bar(page, "Cut network").wait_for()
    page.wait_for_selector("body[data-ready]")
    chinese = page.evaluate("""() => [...document.querySelectorAll(
        'button, h1, h2, h3, .status, .lamp, .caption, [aria-label], [placeholder]')]
        .filter((node) => node.id !== 'language')
        .flatMap((node) => [node.innerText, node.ariaLabel, node.title, node.placeholder])
        .filter((text) => /[\\u4e00-\\u9fff]/.test(text || ''))""")
    assert chinese == []
    in_bar(page, "中文").click()
    in_bar(page, "打断网络").wait_for()
    page.goto(f"{running.url}/?lang=en", wait_until="commit")
    in_bar(page, "Restore all").wait_for()
    page.goto(f"{running.url}/?lang=zh", wait_until="commit")
    in_bar(page, "全部恢复").wait_for()
    page.wait_for_selector("body[data-ready]")


def test_events_are_in_the_pages_language(page: Any, hands: CabinetClient) -> None:
    hands.network(cut=True)
    page.wait_for_selector('#events tr:has-text("网线断开")')
    in_bar(page, "English").click()
    page.wait_for_selector('#events tr:has-text("cable cut")')
    in_bar(page, "中文").click()
