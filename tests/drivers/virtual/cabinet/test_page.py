"""The page in a real browser: nothing in its console, its buttons work, it speaks two languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drivers.virtual.cabinet.client import CabinetClient

from .conftest import FakeSandbox, Running

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_MS = 40_000

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed")


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
    yield opened.page
    assert opened.complaints == []


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def pressed(page: Any, name: str) -> None:
    page.wait_for_selector(f'button[aria-pressed="true"]:text-is("{name}")')


def test_card_and_face(page: Any, hands: CabinetClient) -> None:
    button(page, "陈示例（老人）").click()
    pressed(page, "陈示例（老人）")
    button(page, "本人").click()
    pressed(page, "本人")
    state = hands.state()
    assert (state["id_reader"]["card"], state["camera"]["who"], state["camera"]["person"]) == ("chen", "holder", "chen")
    page.wait_for_selector('[data-device="id_reader"] .status:has-text("陈示例")')
    page.wait_for_function("document.getElementById('camera').naturalWidth === 640")
    button(page, "取走").click()
    page.wait_for_selector('[data-device="id_reader"] .status:has-text("无证")')


def test_cable_is_cut_and_mended_with_one_button(page: Any, hands: CabinetClient) -> None:
    button(page, "打断网络").click()
    button(page, "接通网络").wait_for()
    assert hands.state()["network"]["state"] == "cut"
    button(page, "接通网络").click()
    button(page, "打断网络").wait_for()
    assert hands.state()["network"]["state"] == "connected"


def test_works_with_the_keyboard(page: Any, hands: CabinetClient) -> None:
    field = page.get_by_label("要出示的码")
    field.focus()
    page.keyboard.type("123456")
    page.keyboard.press("Enter")
    hands.wait_for(lambda state: state["scanner"]["presented"] > 0)
    assert field.input_value() == ""
    button(page, "张示范").focus()
    page.keyboard.press("Space")
    pressed(page, "张示范")


def test_paper_out_shows_the_way_back(page: Any, hands: CabinetClient) -> None:
    column = page.locator('[data-device="receipt_printer"]')
    column.get_by_role("button", name="缺纸", exact=True).click()
    column.get_by_role("button", name="换纸", exact=True).click()
    column.get_by_role("button", name="缺纸", exact=True).wait_for()
    assert hands.state()["receipt_printer"]["paper"] == "full"


def test_phone_shows_messages_and_what_became_of_a_payment(page: Any, sandbox: FakeSandbox) -> None:
    sandbox.messages.append({"to": "138****0025", "text": "<b>验证码 552301</b>", "at": "2026-11-22T04:00:00Z"})
    page.wait_for_selector('#messages li:has-text("<b>验证码 552301</b>")')
    sandbox.offers[:] = ["https://qr.alipay.com/page-test"]
    button(page, "扫屏幕上的码并付款").click()
    page.wait_for_selector('#paid:has-text("付款成功")')


def test_refusals_are_said(page: Any, opened: Opened) -> None:
    page.evaluate("""() => {
        const node = document.createElement('button');
        node.dataset.post = '/api/a4'; node.dataset.body = '{"action":"explode"}'; node.textContent = 'x';
        document.body.append(node); node.click();
    }""")
    page.wait_for_selector("#trouble:visible:has-text('no such action')")
    page.evaluate("document.body.lastElementChild.remove()")
    assert len(opened.complaints) == 1
    assert "404" in opened.complaints.pop()  # the browser's own line


def test_speaks_english_and_remembers(page: Any) -> None:
    button(page, "English").click()
    button(page, "Cut network").wait_for()
    assert page.evaluate("document.documentElement.lang") == "en"
    for name in ("ID card reader", "Camera", "The resident's phone", "Code scanner"):
        page.get_by_role("heading", name=name).wait_for()
    page.reload(wait_until="commit")
    button(page, "Cut network").wait_for()
    button(page, "中文").click()
    button(page, "打断网络").wait_for()


@pytest.mark.parametrize("size", [(1440, 900), (1100, 700), (700, 900)])
def test_nothing_sticks_out(page: Any, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    clipped = page.evaluate("""() => [...document.querySelectorAll('.card')].filter(
        (card) => card.scrollWidth > card.clientWidth + 1).map((card) => card.dataset.device)""")
    assert clipped == []
