"""People at the desk, from signing in to the end of their work: a kiosk is enrolled, the one with the jam is found,
content is pushed until the gate stops it, an alert is answered, settings are tried and taken back.

MENKOU_TEST_SHARE=1 gives the desk the whole province of 57,705; MENKOU_TEST_PICTURES=FOLDER keeps pictures.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from backend.alerts.models import AlertRuleSetting
from backend.contract.fleet_api import Inventory
from backend.db.engine import Sessions, writing
from backend.fleet.health import Health
from backend.fleet.models import Kiosk, KioskState
from backend.fleet.seed import seed_province
from backend.regions.synthetic import PROVINCE
from backend.staff.roles import Role
from kiosk.link.enrolment import Invitation, enrol
from kiosk.link.identity_files import Identity as KioskIdentity
from kiosk.link.identity_files import IdentityFiles
from kiosk.link.key_store import FileKeyStore
from provisioning.simulator.identities import Identity
from provisioning.simulator.life import Life
from tests.backend.house import make_pack, migrated_sqlite
from tests.backend.staff.people import PASSWORD
from tests.browser.chromium import PATIENCE_MS, PHONE, WIDE, Signed, chromium, needs_chromium
from tests.browser.journeys.house import House, opened
from tests.browser.province import bring_to_life
from tests.browser.served import on_database

pytestmark = needs_chromium

SHARE = float(os.environ.get("MENKOU_TEST_SHARE", "0.02"))
PICTURES = os.environ.get("MENKOU_TEST_PICTURES", "")
VILLAGE = "990101001001"
JAMMED = f"K-{VILLAGE}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    directory = tmp_path_factory.mktemp("house")
    shutil.copy(migrated_sqlite(), directory / "menkou.sqlite3")
    database = f"sqlite+aiosqlite:///{directory / 'menkou.sqlite3'}"
    on_database(database, _province)
    with opened(database, directory, make_pack(directory / "content")) as house:
        house.person("wang", Role.SYSTEM_ADMIN, name="王样本")
        house.person("li", Role.PUBLISHER, name="李样本")
        house.person("zhao", Role.OPERATOR, name="赵样本")
        house.person("sun", Role.TECHNICIAN, name="孙样本")
        yield house


async def _province(sessions: Sessions) -> None:
    async with writing(sessions) as session:
        await seed_province(session, SHARE)
        await bring_to_life(session)
        # Only one kiosk shall have a jam: the simulated one.
        well = {"trouble": "", "troubles": [], "health": Health.OK.value}
        await session.execute(update(KioskState).where(KioskState.trouble.contains("jammed")).values(**well))
        # What is found is told at once, and what is gone is over at once.
        for rule in ("device-fault", "offline"):
            at_once = {"hold_s": 0, "quiet_s": 0, "set_by": "test", "set_at": datetime.now(UTC)}
            session.add(AlertRuleSetting(region_code=PROVINCE, rule=rule, **at_once))
        await session.commit()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


Enter = Callable[..., Signed]


@pytest.fixture
def enter(house: House, browser: Any) -> Iterator[Enter]:
    """Signs somebody in, by the page; what their browsers complained about fails the test."""
    people: list[Signed] = []

    def sign_in(login: str, password: str = PASSWORD, *, language: str = "zh", size: dict[str, int] = WIDE) -> Signed:
        locale = "zh-CN" if language == "zh" else "en-GB"
        context = browser.new_context(viewport=size, locale=locale, reduced_motion="reduce")
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        signed = Signed(page, house.url)
        page.on("console", lambda line: _complains(line) and signed.complaints.append(line.text))
        page.on("pageerror", lambda error: signed.complaints.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        people.append(signed)
        page.goto(f"{house.url}/console/")
        page.wait_for_url("**/console/sign-in**")
        page.fill("#login", login)
        page.fill("#password", password)
        page.locator("main button[type=submit]").click()
        page.wait_for_url("**/console/")
        return signed

    yield sign_in
    for person in people:
        person.page.context.close()
    assert [complaint for person in people for complaint in person.complaints] == []


def _complains(line: Any) -> bool:
    """What cannot be done is answered with 409 or 422, and Chromium says so: that is no fault of the page. Nor is what
    htmx says when a page is left while it asks."""
    return line.type in ("error", "warning") and not re.search(
        r"status of (409|422)|^htmx:(sendAbort|afterRequest),", line.text
    )


def picture(page: Any, name: str) -> None:
    if PICTURES:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=str(Path(PICTURES) / f"console-{name}.png"))


def go(page: Any, area: str) -> None:
    """By the bar at the top; on a phone it is behind a button."""
    if not page.locator("#nav").is_visible():
        page.locator(".menu-button").click()
    page.locator("#nav").get_by_role("link", name=area, exact=True).click()


def until(page: Any, see: Callable[[], bool], rounds: int = 60) -> None:
    """Reload until it is there to be seen."""
    for _ in range(rounds):
        if see():
            return
        page.wait_for_timeout(300)
        page.reload()
    raise AssertionError(page.locator("main").inner_text())


def jam(life: Life, state: str) -> None:
    life.terminal.devices["document_printer"]["paper"] = state
    life.terminal.progress(life.terminal.rollout)  # the report is made anew


def test_a_kiosk_is_entered_enrolled_and_online(house: House, enter: Enter, tmp_path: Path) -> None:
    login, password = (house.settings.var_dir / "console-password.txt").read_text().split()
    signed = enter(login, password, language="en")
    page = signed.page
    go(page, "Kiosks")
    page.get_by_role("link", name="Enter a kiosk").click()
    page.fill("#kiosk_id", "K-NEW-1")
    page.fill("#model", "MK-20")
    page.fill("#site_id", "S-NEW-1")
    page.fill("#region_code", "000000000001")  # no such place
    page.fill("#name_zh", "新站便民服务站")
    page.fill("#name_en", "New Point")
    page.get_by_role("button", name="Enter, then enrol").click()
    assert "please look at the marked fields" in page.get_by_role("alert").inner_text()
    page.fill("#region_code", VILLAGE)
    page.get_by_role("button", name="Enter, then enrol").click()
    page.wait_for_url("**/console/kiosks/K-NEW-1/enrol")
    page.get_by_role("button", name="Make a code").click()
    typed = page.locator(".ticket-code").inner_text()
    desk_url = page.locator(".ticket dd.mono").inner_text()
    assert page.locator(".ticket-qr svg").count() == 1

    files = IdentityFiles(tmp_path / "identity", FileKeyStore())
    inventory = Inventory(model="MK-20", serial_number="", software="0.1.0", key_kind="file", devices=[])
    identity = asyncio_run(enrol(files, Invitation.typed(typed, desk_url), inventory))
    assert isinstance(identity, KioskIdentity)
    assert identity.kiosk_id == "K-NEW-1"
    again = IdentityFiles(tmp_path / "again", FileKeyStore())
    refused = asyncio_run(enrol(again, Invitation.typed(typed, desk_url), inventory))
    assert not isinstance(refused, KioskIdentity)  # a code works once

    page.get_by_role("link", name="K-NEW-1").first.click()
    assert "last heard –" in " ".join(page.locator(".under").inner_text().split())
    key = (identity.folder / "key.pem").read_text()
    house.live(Identity("K-NEW-1", key, identity.certificate_file.read_text(), identity.epoch))
    until(page, lambda: page.locator("h1 .chip").inner_text() == "Well")
    assert "last heard just now" in " ".join(page.locator(".under").inner_text().split())
    page.locator("#panel-identity ~ div .chip.ok").wait_for()
    go(page, "Kiosks")
    page.wait_for_url("**/console/kiosks")
    page.wait_for_load_state("networkidle")  # the page's script listens by then
    page.keyboard.press("/")
    page.keyboard.type("K-NEW-1")
    signed.until("document.querySelectorAll('#list tbody tr').length === 1")
    assert "just now" in page.locator("#list tbody tr").inner_text()


def test_the_one_with_the_jam_is_found(house: House, enter: Enter) -> None:
    house.kiosks(JAMMED)
    total = house.run(_count(house))
    jam(house.lives[JAMMED], "jammed")
    signed = enter("zhao")
    page = signed.page
    signed.goto("/console/")
    picture(page, "overview-zh")
    clicks = 0
    assert f"{total:,}" in page.locator(".tile.total").inner_text()
    go(page, "终端")
    clicks += 1
    assert f"共 {total:,} 台" in page.locator("#list").inner_text()
    picture(page, "kiosks-zh")

    def one_is_found() -> bool:
        page.fill("#q", "卡纸")
        page.keyboard.press("Enter")
        page.wait_for_url("**q=**")
        page.wait_for_load_state("networkidle")
        return bool(page.locator("#list tbody th").all_inner_texts() == [JAMMED])

    until(page, one_is_found)
    page.locator("#list tbody th a").click()
    clicks += 1
    page.wait_for_url(f"**/console/kiosks/{JAMMED}")
    assert clicks <= 4
    assert "文档打印机卡纸" in page.locator(".trouble").inner_text()
    assert page.locator(".panel [data-panel]").count() == 5
    page.get_by_text("载入中…").first.wait_for(state="hidden")
    page.wait_for_load_state("networkidle")
    assert "暂时无法显示" not in page.locator("main").inner_text()
    picture(page, "kiosk-zh")


async def _count(house: House) -> int:
    async with house.sessions() as session:
        return await session.scalar(select(func.count()).select_from(Kiosk)) or 0


def test_content_is_pushed_until_the_gate_stops_it_and_taken_back(house: House, enter: Enter, tmp_path: Path) -> None:
    names = house.run(_some(house, 12))
    house.kiosks(*names, broken=frozenset(names[:2]))
    payload = tmp_path / "trial.bin"
    payload.write_bytes(b"a trial")

    li = enter("li").page
    go(li, "发布")
    li.get_by_role("link", name="新建发布").click()
    li.fill("#version", "2026.12.1-trial")
    li.set_input_files("#payload", payload)
    li.get_by_role("button", name="登记", exact=True).click()
    li.wait_for_url("**/console/rollouts/new?release_id=*")
    li.fill("#title", "十二月服务内容演练")
    li.fill("#kiosks", " ".join(names))
    li.fill("#first", " ".join(names[:6]))
    li.fill("#shares", "50")
    li.fill("#soak_minutes", "0")
    li.fill("#max_error_percent", "20")
    li.fill("#min_sample", "6")
    li.fill("#window_from", "")
    li.fill("#window_to", "")
    li.get_by_role("button", name="保存草稿").click()
    chip = li.locator("#live .chip").first
    assert chip.inner_text() == "草稿"
    li.fill("#reason", "演练新内容")
    li.get_by_role("button", name="提交审批").click()
    li.get_by_text("等待另一位同事").wait_for()
    here = li.url
    go(li, "审批")
    assert li.get_by_role("button", name="同意并执行").count() == 0  # a publisher does not approve
    li.goto(here)

    wang = enter("wang").page
    go(wang, "审批")
    assert "演练新内容" in wang.locator("main").inner_text()
    wang.get_by_role("button", name="同意并执行").click()
    wang.get_by_text("已同意并执行").wait_for()

    # Nobody reloads the page: it follows the rollout by itself.
    li.get_by_text("停止原因").wait_for()
    assert chip.inner_text() == "已中止"
    assert li.get_by_role("alert").inner_text() == "停止原因：先行：已尝试 6 台，失败 2 台，超过允许的 20.0%"
    assert li.get_by_role("button", name="暂停").count() == 0
    troubled = li.locator("#troubled-table tbody tr")
    assert sorted(troubled.locator("th").all_inner_texts()) == sorted(names[:2])
    states = li.locator("#groups-table tbody .chip").all_inner_texts()
    assert states == ["未通过", "未开始", "未开始"]
    assert {house.lives[name].terminal.content for name in names[6:]} == {"2026.11.1"}  # the others never saw it
    assert house.lives[names[2]].terminal.content == "2026.12.1-trial"
    picture(li, "rollout-halted-zh")

    li.get_by_role("button", name="全部回退").click()
    chip.filter(has_text="已回退").wait_for()
    assert {house.lives[name].terminal.content for name in names} == {"2026.11.1"}


async def _some(house: House, count: int) -> list[str]:
    """Kiosks of another county than the jammed one's."""
    async with house.sessions() as session:
        found = select(Kiosk.kiosk_id).where(Kiosk.region_code.like("9902%")).order_by(Kiosk.kiosk_id).limit(count)
        return list(await session.scalars(found))


def test_an_alert_is_answered_and_the_work_done(house: House, enter: Enter) -> None:
    if JAMMED not in house.lives:
        house.kiosks(JAMMED)
    life = house.lives[JAMMED]
    jam(life, "jammed")
    zhao = enter("zhao").page
    go(zhao, "告警")
    zhao.fill("#f-search", JAMMED)
    zhao.get_by_role("button", name="查找").click()
    until(zhao, lambda: "文档打印机卡纸" in zhao.locator("#alert-rows").inner_text())
    picture(zhao, "alerts-zh")
    zhao.get_by_role("checkbox", name="选择：文档打印机卡纸").check()
    zhao.get_by_role("button", name="确认所选告警").click()
    row = zhao.locator("#alert-rows tbody tr").filter(has_text="文档打印机卡纸")
    assert "已确认" in row.inner_text()
    row.get_by_role("link", name="文档打印机卡纸").click()
    alert = zhao.url
    zhao.get_by_role("button", name="派工单").click()
    zhao.wait_for_url("**/console/work/*")

    sun_signed = enter("sun", size=PHONE)
    sun = sun_signed.page
    go(sun, "工单")
    sun.locator(".order", has_text=JAMMED).click()
    picture(sun, "work-mobile-zh")
    press = partial(_press, sun)
    press("接单")
    press("已到现场")
    press("处理完毕")
    press("验收并关闭")
    assert "现在还不能关闭" in sun.get_by_role("alert").inner_text()
    assert "故障仍在" in sun.locator(".missing").inner_text()
    jam(life, "full")
    for check in ("测试页打印清楚", "计数已记入备注", "机柜已锁好"):
        press(check)
    sun.fill("#text", "计数器 10240")
    press("记下")
    until(sun, lambda: sun.locator(".missing").count() == 0)
    assert not sun_signed.overflows()
    press("验收并关闭")
    sun.get_by_text("已关闭").first.wait_for()

    zhao.goto(alert)
    until(zhao, lambda: "已恢复" in zhao.locator("dl.facts").inner_text())
    assert "工单" in zhao.locator("ol.history").inner_text()


def _press(page: Any, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile(name)).click()


def test_settings_are_tried_brought_into_force_and_taken_back(house: House, enter: Enter) -> None:
    if JAMMED not in house.lives:
        house.kiosks(JAMMED)
    page = enter("wang").page
    go(page, "终端")
    page.goto(f"{house.url}/console/kiosks/{JAMMED}")
    panel = page.locator(".panel", has=page.locator("#panel-settings"))
    panel.get_by_role("link", name="修改").click()
    before = page.locator("#volume").input_value()
    page.fill("#volume", "500")
    page.get_by_role("button", name="先看会改变什么").click()
    assert "0" in page.get_by_role("alert").inner_text()  # the bounds
    page.fill("#volume", "35")
    page.fill("#note", "夜间更安静")
    page.get_by_role("button", name="先看会改变什么").click()
    assert "涉及终端 1 台" in page.locator("main").inner_text()
    page.get_by_text("例子").click()
    assert f"音量：{before} → 35" in page.locator("details").inner_text()
    page.get_by_role("button", name="生效").click()
    page.wait_for_url("**/console/settings?scope=kiosk**")
    assert page.locator("#volume").input_value() == "35"

    page.goto(f"{house.url}/console/kiosks/{JAMMED}")
    until(page, lambda: "已生效" in _loaded(panel) and house.lives[JAMMED].terminal.settings > 0)
    taken = house.lives[JAMMED].terminal.settings

    go(page, "配置")
    page.get_by_role("link", name="历史").click()
    assert "夜间更安静" in page.locator("tbody tr").first.inner_text()
    page.locator("tbody tr").first.get_by_role("button", name="撤销").click()
    page.locator("tbody tr").first.get_by_text("撤销 r").wait_for()
    page.goto(f"{house.url}/console/settings?scope=kiosk&id={JAMMED}")
    assert page.locator("#volume").input_value() == before
    page.goto(f"{house.url}/console/kiosks/{JAMMED}")
    until(page, lambda: "已生效" in _loaded(panel) and house.lives[JAMMED].terminal.settings > taken)


def _loaded(panel: Any) -> str:
    panel.get_by_text("音量").wait_for()
    return str(panel.inner_text())


def asyncio_run(work: Any) -> Any:
    """Playwright keeps a loop in this thread: another thread's."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result(60)
