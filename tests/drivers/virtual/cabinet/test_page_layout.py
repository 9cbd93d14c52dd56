"""Nothing on the page is cut off, everything can be read, heard and reached."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.virtual.cabinet.client import CabinetClient

from .conftest import FakeSandbox, Running
from .page_bench import browser, needs_chromium, opened, page

__all__ = ["browser", "opened", "page"]  # fixtures

pytestmark = needs_chromium


CUT_OFF = """() => {
    const bad = [];
    for (const node of document.querySelectorAll('.card, .bar, .terminal, .head, .shelf, .base, .part')) {
        if (node.scrollWidth > node.clientWidth + 1) bad.push(node.id || node.className);
    }
    const main = document.querySelector('.hands').getBoundingClientRect();
    for (const node of document.querySelectorAll('.hands button, .hands input, .hands h2')) {
        const box = node.getBoundingClientRect();
        if (box.width && (box.right > main.right + 1 || box.left < main.left - 1)) bad.push(node.textContent);
    }
    return bad;
}"""


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", [(1920, 1080), (1440, 900)])
def test_everything_fits_without_scrolling(
    page: Any, hands: CabinetClient, sandbox: FakeSandbox, running: Running, size: tuple[int, int], lang: str
) -> None:
    sandbox.messages.append(
        {"to": "138****0025", "text": "【门口】验证码 552301，5分钟内有效", "at": "2026-11-22T04:00:00Z"}
    )
    sandbox.offers[:] = ["https://qr.alipay.com/fit"]
    page.set_viewport_size({"width": size[0], "height": size[1]})
    if page.evaluate("document.documentElement.lang").startswith("zh") != (lang == "zh"):
        page.locator("#language").click()
    try:
        hands.pay("insufficient")
        page.wait_for_selector("#messages li")
        page.wait_for_selector("#paid.bad")
        assert page.evaluate(CUT_OFF) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        hidden = page.evaluate(
            "(() => { const h = document.querySelector('.hands'); return h.scrollHeight - h.clientHeight; })()"
        )
        assert hidden <= 0
        assert page.evaluate("document.querySelector('.events-card .scroll').clientHeight") >= 40
    finally:
        if lang == "en":
            page.locator("#language").click()


@pytest.mark.parametrize("size", [(1280, 720), (1100, 700), (700, 900)])
def test_smaller_windows_scroll_and_nothing_sticks_out(page: Any, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate(CUT_OFF) == []
    last = page.locator('[data-device="box"] button').first
    last.scroll_into_view_if_needed()
    assert last.is_visible()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_scenarios_say_that_there_are_more_below(page: Any, lang: str) -> None:
    """At 1440 x 900 the list is longer than its layer; its last line must not look like the end."""
    if lang == "en":
        page.locator("#language").click()
    try:
        page.locator("#scenarios-button").click()
        more = page.locator("#scenarios-more")
        more.wait_for()
        hidden = page.evaluate("""() => {
            const edge = document.getElementById('scenarios').getBoundingClientRect().bottom;
            return [...document.querySelectorAll('#scenario-list li')]
                .filter((line) => line.getBoundingClientRect().bottom > edge + 1).length; }""")
        assert hidden > 0
        assert more.inner_text() == {"zh": f"↓ 往下还有 {hidden}", "en": f"↓ more below: {hidden}"}[lang]
        assert more.bounding_box()["y"] + more.bounding_box()["height"] <= 900
        page.locator("#scenario-list li").last.scroll_into_view_if_needed()
        page.evaluate("document.getElementById('scenarios').scrollTo(0, 1e6)")
        more.wait_for(state="hidden")
        page.keyboard.press("Escape")
    finally:
        if lang == "en":
            page.locator("#language").click()


def test_layers_stay_inside_the_window(page: Any) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    for opener in page.locator("[popovertarget]:visible").all():
        opener.click()
        box = page.evaluate("""() => { const at = document.querySelector(':popover-open').getBoundingClientRect();
            return [at.left, at.top, innerWidth - at.right, innerHeight - at.bottom]; }""")
        assert min(box) >= 0, opener.inner_text()
        page.keyboard.press("Escape")


def test_contrast_is_enough(page: Any, hands: CabinetClient) -> None:
    """Every text against the nearest background that is not transparent: at least 4.5 to 1."""
    hands.a4("paper-out")
    hands.network(cut=True)
    hands.lay_card("li")
    page.wait_for_selector("#cable.bad")
    weak = page.evaluate("""() => {
        const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
        const light = ([r, g, b]) => {
            const f = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
            return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
        const behind = (node) => { for (let n = node; n; n = n.parentElement) {
            const c = rgb(getComputedStyle(n).backgroundColor);
            if (c.length === 3 || c[3] > 0.99) return c; } return [255, 255, 255]; };
        const bad = [];
        for (const node of document.querySelectorAll('body *')) {
            const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
            if (!own || !node.checkVisibility()) continue;
            const style = getComputedStyle(node);
            const [a, b] = [light(rgb(style.color)), light(behind(node))];
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (ratio < 4.5) bad.push([node.textContent.slice(0, 20), ratio.toFixed(2)]);
        }
        return bad;
    }""")
    assert weak == []


def test_every_button_has_a_name(page: Any) -> None:
    nameless = page.evaluate("""() => [...document.querySelectorAll('button, input, [role=meter]')]
        .filter((node) => node.checkVisibility() && !(node.ariaLabel || node.textContent.trim()))
        .map((node) => node.outerHTML.slice(0, 80))""")
    assert nameless == []
