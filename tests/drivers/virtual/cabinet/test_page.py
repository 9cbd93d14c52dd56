"""The page in a real browser: nothing in its console, its buttons work, it speaks two languages, nothing is cut off."""

from __future__ import annotations

import re
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


# --- groups of controls ---------------------------------------------------------------------------------------------


def test_card_and_face(page: Any, hands: CabinetClient) -> None:
    reader, camera = Panel(page, "id_reader"), Panel(page, "camera")
    reader.click("陈示例（老人）")
    reader.pressed("陈示例（老人）")
    camera.click("本人")
    camera.pressed("本人")
    state = hands.state()
    assert (state["id_reader"]["card"], state["camera"]["who"], state["camera"]["person"]) == ("chen", "holder", "chen")
    reader.status("陈示例")
    page.wait_for_selector("#part-id_reader[data-has]")
    page.wait_for_function("document.getElementById('camera').naturalWidth === 640")
    reader.click("取走")
    reader.status("无证")
    page.wait_for_selector("#part-id_reader:not([data-has])")


def test_rare_cards_lie_in_a_layer(page: Any, hands: CabinetClient) -> None:
    reader = Panel(page, "id_reader")
    reader.open("其他证件")
    reader.click("过期的证")
    hands.wait_for(lambda state: state["id_reader"]["card"] == "expired")
    page.keyboard.press("Escape")
    assert page.locator(":popover-open").count() == 0


def test_faults_lie_in_a_layer_and_go_both_ways(page: Any, hands: CabinetClient) -> None:
    reader = Panel(page, "id_reader")
    reader.open()
    reader.click("不回答")
    reader.pressed("不回答")
    assert hands.state()["id_reader"]["faults"] == ["silent"]
    page.wait_for_selector("#part-id_reader[data-bad]")
    reader.click("不回答")
    hands.wait_for(lambda state: state["id_reader"]["faults"] == [])
    reader.click("拔线")
    reader.click("插回")
    hands.wait_for(lambda state: state["id_reader"]["plugged"])


def test_camera_is_pulled_out(page: Any, hands: CabinetClient) -> None:
    camera = Panel(page, "camera")
    camera.open()
    camera.click("拔线")
    camera.status("线已拔")
    camera.click("插回")
    hands.wait_for(lambda state: state["camera"]["who"] == "nobody")


def test_cable_is_cut_and_mended_with_one_button(page: Any, hands: CabinetClient) -> None:
    in_bar(page, "打断网络").click()
    in_bar(page, "接通网络").wait_for()
    assert hands.state()["network"]["state"] == "cut"
    page.wait_for_selector('#cable.bad:has-text("网络已断")')
    in_bar(page, "接通网络").click()
    in_bar(page, "打断网络").wait_for()
    assert hands.state()["network"]["state"] == "connected"


@pytest.mark.parametrize(
    ("there", "back", "part", "wanted"),
    [
        ("打断网络", "接通网络", "network.state", "cut"),
        ("停电", "来电", "box.mains", False),
        ("开门", "关门", "box.active_wires", ["door"]),
        ("插耳机", "拔耳机", "box.active_wires", ["headset"]),
    ],
)
def test_switches_at_the_foot_of_the_drawing(
    page: Any, hands: CabinetClient, there: str, back: str, part: str, wanted: object
) -> None:
    device, name = part.split(".")
    before = hands.state()[device][name]
    foot = page.locator("#terminal-base")
    foot.get_by_role("button", name=there, exact=True).click()
    foot.get_by_role("button", name=back, exact=True).wait_for()
    assert hands.state()[device][name] == wanted
    foot.get_by_role("button", name=back, exact=True).click()
    hands.wait_for(lambda state: state[device][name] == before)


def test_mains_and_doors_in_the_panel(page: Any, hands: CabinetClient) -> None:
    box = Panel(page, "box")
    box.click("停电")
    box.status("市电已断")
    page.wait_for_selector("#mains.bad")
    box.click("来电")
    box.open()
    box.click("过热")
    hands.wait_for(lambda state: state["box"]["hot"])
    box.click("降温")


def test_paper_out_shows_the_way_back(page: Any, hands: CabinetClient) -> None:
    receipt = Panel(page, "receipt_printer")
    receipt.click("缺纸")
    receipt.section.get_by_role("button", name="换纸", exact=True).first.wait_for()
    assert page.locator("#gauge-roll").get_attribute("aria-valuenow") == "0"
    page.wait_for_selector("#part-receipt_printer[data-bad]")
    receipt.section.get_by_role("button", name="换纸", exact=True).first.click()
    hands.wait_for(lambda state: state["receipt_printer"]["paper"] == "full")


def test_levels_are_bars_that_can_be_heard(page: Any, hands: CabinetClient) -> None:
    tray = page.get_by_role("meter", name="纸", exact=True)
    assert tray.get_attribute("aria-valuetext") == "250 张"
    hands.a4("toner-out")
    page.wait_for_selector('#gauge-toner.bad[aria-valuenow="0"]')
    Panel(page, "document_printer").click("换墨")
    hands.wait_for(lambda state: state["document_printer"]["toner"] > 50)


def test_phone_shows_messages_and_what_became_of_a_payment(page: Any, sandbox: FakeSandbox) -> None:
    sandbox.messages.append({"to": "138****0025", "text": "<b>验证码 552301</b>", "at": "2026-11-22T04:00:00Z"})
    page.wait_for_selector('#messages li:has-text("<b>验证码 552301</b>")')
    sandbox.offers[:] = ["https://qr.alipay.com/page-test"]
    Panel(page, "phone").click("扫屏幕上的码并付款")
    page.wait_for_selector('#paid:has-text("付款成功")')


def test_notes_cards_and_keys(page: Any, opened: Opened, hands: CabinetClient) -> None:
    """Without a kiosk nobody asks for money: that is said, not silently dropped."""
    Panel(page, "cash").click("10 元")
    page.wait_for_selector("#trouble:visible:has-text('the slot takes no note now')")
    Panel(page, "card_terminal").click("插卡付款")
    page.wait_for_selector("#trouble:visible:has-text('wants no card')")
    assert len(opened.complaints) == 2  # the browser's own lines about 409
    opened.complaints.clear()
    cash = Panel(page, "cash")
    cash.click("取出钱箱")
    cash.click("装回钱箱")
    hands.wait_for(lambda state: state["cash"]["trouble"] == [])
    card = Panel(page, "smart_card")
    card.click("李样本")
    card.pressed("李样本")
    assert hands.state()["smart_card"]["card"] == "li"
    page.wait_for_selector("#part-smart_card[data-has]")
    card.click("拔出")
    hands.wait_for(lambda state: state["smart_card"]["card"] is None)
    before = hands.state()["keypad"]["presses"]
    keypad = Panel(page, "keypad")
    keypad.click("确认")
    keypad.open("全部按键")
    keypad.click("7")
    hands.wait_for(lambda state: state["keypad"]["presses"] == before + 2)


def test_works_with_the_keyboard(page: Any, hands: CabinetClient) -> None:
    field = page.get_by_label("要出示的码")
    field.focus()
    page.keyboard.type("123456")
    page.keyboard.press("Enter")
    hands.wait_for(lambda state: state["scanner"]["presented"] > 0)
    assert field.input_value() == ""
    page.locator("#part-id_reader").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "李样本"
    page.keyboard.press("Space")
    Panel(page, "id_reader").pressed("李样本")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"


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


# --- scenarios ------------------------------------------------------------------------------------------------------


def test_scenario_is_played_watched_and_stopped(page: Any, hands: CabinetClient) -> None:
    in_bar(page, "场景 ▾").click()
    page.get_by_role("button", name="播放: 纸币在通道里时断电").click()
    page.wait_for_selector('#scenario-steps .doing:has-text("等纸币口打开")')
    page.wait_for_selector('#playing:visible:has-text("纸币在通道里时断电 · 1/4")')
    in_bar(page, "停止").click()
    page.wait_for_selector('#scenario-end:has-text("已停止")', state="attached")
    page.wait_for_selector("#playing", state="hidden")
    assert hands.state()["scenario"]["state"] == "stopped"


def test_scenario_plays_to_its_end(page: Any, hands: CabinetClient) -> None:
    in_bar(page, "场景 ▾").click()
    page.get_by_role("button", name="播放: 镜头前不是本人").click()
    page.wait_for_selector('#scenario-end.good:has-text("已做完")')
    assert page.locator("#scenario-steps .done").count() == len(hands.state()["scenario"]["steps"])
    state = hands.state()
    assert (state["camera"]["who"], state["id_reader"]["card"]) == ("holder", "li")


# --- words ----------------------------------------------------------------------------------------------------------


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


# --- layout ---------------------------------------------------------------------------------------------------------

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


def test_events_of_every_device_have_chinese_words(page: Any, hands: CabinetClient) -> None:
    """The cabinet's own events, one of each device, and none that only look so."""
    hands.lay_card("li")
    hands.scan("123")
    hands.receipt("cover-open")
    hands.a4("jam")
    hands.cash.act("stacker-full")
    hands.card_terminal.act("power-cycle")
    hands.smart_card.insert("li")
    hands.keypad.press("up")
    hands.box.mains(False)
    hands.face("two")
    hands.network(stalled=True)
    words = page.evaluate(
        """async (texts) => {
            const { eventWords } = await import('/static/event_words.js');
            const state = await (await fetch('/api/state')).json();
            return texts.map(([device, text]) => [device, eventWords(state, device, text)]);
        }""",
        [[event["device"], event["text"]] for event in hands.events(200)] + [["box", "fell over"]],
    )
    assert words.pop() == ["box", "fell over"]
    spoken = {device for device, text in words if re.search(r"[\u4e00-\u9fff]", text)}
    assert {"id_reader", "scanner", "receipt_printer", "document_printer", "cash", "card_terminal"} <= spoken
    assert {"smart_card", "keypad", "box", "camera", "network"} <= spoken
