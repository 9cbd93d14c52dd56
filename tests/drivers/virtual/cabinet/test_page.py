"""The page in a real browser: its buttons work, and nothing is in its console."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.virtual.cabinet.camera_stream import Trouble
from drivers.virtual.cabinet.client import CabinetClient
from drivers.virtual.cabinet.desks import PLACES

from .conftest import FakeSandbox
from .page_bench import Opened, Panel, browser, in_bar, needs_chromium, opened, page

__all__ = ["browser", "opened", "page"]  # fixtures

pytestmark = needs_chromium


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


def test_camera_troubles(page: Any, hands: CabinetClient) -> None:
    """Whoever stands before it stays there."""
    camera = Panel(page, "camera")
    camera.click("本人")
    camera.open()
    camera.click("镜头被遮住")
    camera.status("镜头被遮住 · 本人")
    page.wait_for_selector("#part-camera[data-bad]")
    seen = hands.state()["camera"]
    assert (seen["who"], seen["trouble"]) == ("holder", "covered")
    camera.click("镜头被遮住")
    page.wait_for_selector("#part-camera:not([data-bad])")
    hands.camera_trouble("frozen")
    camera.status("画面不动")
    hands.face("other")
    assert hands.state()["camera"]["trouble"] == "frozen"
    hands.reset()
    assert hands.state()["camera"]["trouble"] == "none"


def test_every_action_of_every_device_has_its_button(page: Any, hands: CabinetClient) -> None:
    """In the open or among the faults, and it names the action to the cabinet."""
    bodies = page.evaluate("""() => Object.fromEntries([...document.querySelectorAll('[data-device]')].map((panel) =>
        [panel.dataset.device, [...panel.querySelectorAll('[data-body]')].flatMap((node) =>
            Object.values(JSON.parse(node.dataset.body)).map(String))]))""")
    for place in PLACES:
        missing = {action.id for action in place.actions} - set(bodies[place.name])
        if "unplug" in missing and "false" in bodies[place.name]:
            missing.discard("unplug")  # a hand of its own
        assert missing == set(), place.name
    assert {trouble.value for trouble in Trouble} - {"none"} <= set(bodies["camera"])
    assert len(next(place.actions for place in PLACES if place.name == "scanner")) >= 14


def test_cable_is_cut_and_mended_with_one_button(page: Any, hands: CabinetClient) -> None:
    in_bar(page, "打断网络").click()
    in_bar(page, "接通网络").wait_for()
    assert hands.state()["network"]["state"] == "cut"
    page.wait_for_selector('#cable.bad:has-text("网络已断")')
    in_bar(page, "接通网络").click()
    in_bar(page, "打断网络").wait_for()
    assert hands.state()["network"]["state"] == "connected"


@pytest.mark.parametrize(
    ("label", "there", "back", "part", "wanted"),
    [
        ("网络", "打断网络", "接通网络", "network.state", "cut"),
        ("市电", "停电", "来电", "box.mains", False),
        ("柜门", "开门", "关门", "box.active_wires", ["door"]),
        ("检修门", "开检修门", "关检修门", "box.active_wires", ["service-door"]),
        ("有人", "有人走近", "走开", "box.active_wires", ["presence"]),
        ("耳机", "插耳机", "拔耳机", "box.active_wires", ["headset"]),
    ],
)
def test_switches_at_the_foot_of_the_drawing(
    page: Any, hands: CabinetClient, label: str, there: str, back: str, part: str, wanted: object
) -> None:
    """Each has its short label to be seen, and begins its name with it."""
    there, back = f"{label}：{there}", f"{label}：{back}"
    device, name = part.split(".")
    before = hands.state()[device][name]
    foot = page.locator("#terminal-base")
    assert foot.get_by_role("button", name=there, exact=True).inner_text().strip() == label
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
