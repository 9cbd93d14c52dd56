"""A text on its way: an editor writes it and the lint answers while it is typed, a second person approves and publishes
it, and the pack waits for signatures. Everything once more without JavaScript, and by keyboard alone.

MENKOU_TEST_PICTURES=FOLDER keeps pictures.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from backend.db.engine import Sessions
from backend.editor.bodies import loaded
from backend.editor.models import ContentItem, ContentVersion
from backend.staff.roles import Role
from tests.backend.desk import staff_with
from tests.backend.house import make_pack, migrated_sqlite
from tests.browser.chromium import WIDE, Signed, chromium, needs_chromium, signed_in
from tests.browser.served import Served, served

pytestmark = needs_chromium

PICTURES = os.environ.get("MENKOU_TEST_PICTURES", "")
EDITOR, PUBLISHER = staff_with(Role.EDITOR), staff_with(Role.PUBLISHER)
RENT = "/console/editor/items/housing-fund-withdrawal-rent"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory: Path = tmp_path_factory.mktemp("desk")
    shutil.copy(migrated_sqlite(), directory / "menkou.sqlite3")
    database = f"sqlite+aiosqlite:///{directory / 'menkou.sqlite3'}"
    with served(database, directory, make_pack(directory / "content")) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


def picture(person: Signed, name: str) -> None:
    if PICTURES:
        person.page.screenshot(path=f"{PICTURES}/editor-{name}.png")


def published(desk: Served, item: str) -> list[dict[str, Any]]:
    async def work(sessions: Sessions) -> list[dict[str, Any]]:
        async with sessions() as session:
            rows = await session.scalars(
                select(ContentVersion.body).where(ContentVersion.item_id == item).order_by(ContentVersion.number)
            )
            return [loaded(row) for row in rows]

    found: list[dict[str, Any]] = desk.run(work)
    return found


def test_a_text_from_the_editor_to_the_pack(desk: Served, browser: Any) -> None:
    writer, second = signed_in(browser, desk, EDITOR), signed_in(browser, desk, PUBLISHER, language="en")
    page = writer.goto("/console/editor")
    page.keyboard.press("/")
    page.keyboard.type("zftqgjj")  # 租房提取公积金 by its initials
    writer.until("document.querySelectorAll('#list tbody tr').length === 1")
    picture(writer, "list")
    page.locator("#list tbody th a").click()
    page.get_by_role("link", name="编辑").click()
    # The lint answers at the field while it is typed, and is content again.
    fees = page.locator('[id="f-guide.fees.zh"]')
    fees.fill("视情况收费")
    writer.until("document.querySelector('[data-fault-for=\"guide.fees\"]').textContent.includes('含糊')")
    picture(writer, "lint")
    assert writer.axe() == []
    fees.fill("不收费，也没有手续费")
    writer.until("document.querySelector('[data-fault-for=\"guide.fees\"]').textContent === ''")
    page.locator(".save-bar .primary").click()
    page.get_by_role("link", name="对比并提交").click()
    assert page.locator("table.diff ins").all_inner_texts() == ["，也没有手续费"]
    page.get_by_label("改了什么、为什么").fill("说清楚没有手续费")
    page.get_by_role("button", name="提交审核").click()
    assert page.get_by_role("button", name="审核通过").count() == 0
    # The second person.
    other = second.goto("/console/approvals")
    other.get_by_role("link", name="See what changes").click()
    picture(second, "approve")
    other.get_by_role("button", name="Approve").click()
    other.on("dialog", lambda dialog: dialog.accept())
    other.get_by_role("button", name="Publish now").click()
    other.get_by_text("Published; a pack is being built").wait_for()
    bodies = published(desk, "housing-fund-withdrawal-rent")
    assert [body["guide"]["fees"]["zh"] for body in bodies] == ["不收费", "不收费，也没有手续费"]
    assert [*writer.complaints, *second.complaints] == []
    page.context.close()
    other.context.close()


def test_yaml_shows_the_line_and_leads_to_it(desk: Served, browser: Any) -> None:
    person = signed_in(browser, desk, EDITOR)
    page = person.goto(f"{RENT.replace('-rent', '-retirement')}/yaml")
    area = page.locator("#yaml")
    area.fill(area.input_value().replace("visits:", "vists:").replace("icon:", "icn:"))
    person.until("document.querySelectorAll('.gutter .bad').length >= 1")
    picture(person, "yaml")
    page.locator("#lint a", has_text="icn").click()
    chosen = area.evaluate("(area) => area.value.slice(area.selectionStart, area.selectionEnd)")
    assert chosen.startswith("icn:")
    assert person.axe() == []
    assert person.complaints == []
    page.context.close()


def test_entries_are_added_without_javascript(desk: Served, browser: Any) -> None:
    desk.gate.known[EDITOR.staff_id] = EDITOR
    context = browser.new_context(
        viewport=WIDE, locale="zh-CN", java_script_enabled=False, extra_http_headers={"x-test-staff": EDITOR.staff_id}
    )
    page = context.new_page()
    page.goto(f"{desk.url}/console/editor/items/water-bill/edit")
    page.locator('[id="f-summary.zh"]').fill("扫码或输入户号缴水费")
    page.get_by_role("button", name="＋ 添加填写项").click()
    entry = page.locator("details.entry[open]")
    assert entry.locator('[id="f-form.1.name"]').count() == 1
    assert page.locator('[id="f-summary.zh"]').input_value() == "扫码或输入户号缴水费"
    # What is missing stands at its field, without any script.
    assert page.locator('[data-fault-for="form.1.name"]').inner_text() != ""
    entry.get_by_role("button", name="删去").click()
    assert page.locator('[id="e-form.1"]').count() == 0
    context.close()


def test_a_save_by_the_enter_key_saves_and_moves_nothing(desk: Served, browser: Any) -> None:
    person = signed_in(browser, desk, EDITOR)
    page = person.goto("/console/editor/items/gas-bill/edit")
    before = page.locator("details.entry").count()
    page.locator('[id="f-title.zh"]').focus()
    page.keyboard.press("End")
    page.keyboard.type("（试）")
    page.keyboard.press("Enter")
    page.get_by_text("已保存。").wait_for()
    assert page.locator("details.entry").count() == before

    async def state(sessions: Sessions) -> str:
        async with sessions() as session:
            return (await session.get_one(ContentItem, "gas-bill")).draft_state

    assert desk.run(state) == "draft"
    page.context.close()
