"""Every page of the console in Chromium: no broken policy, nothing for axe-core to find, no page wider than a phone,
and the ways through it by keyboard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.backend.desk import OPERATOR
from tests.backend.house import make_pack, migrated_sqlite
from tests.browser.chromium import PHONE, WIDE, Signed, chromium, needs_chromium, signed_in
from tests.browser.served import Served, populate, served

pytestmark = needs_chromium

TOWN = "990101001000"
KIOSK = "K-990101001001"
PAGES = (
    "/console/",
    f"/console/?region={TOWN}",
    "/console/kiosks",
    "/console/kiosks?q=zzzz",
    f"/console/kiosks/{KIOSK}",
    f"/console/kiosks/{KIOSK}/events",
    "/console/sites/S-990101001001",
    "/console/reports",
    "/console/reports?view=usage",
    "/console/reports?view=satisfaction",
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp("desk")
    shutil.copy(migrated_sqlite(), directory / "menkou.sqlite3")
    database = f"sqlite+aiosqlite:///{directory / 'menkou.sqlite3'}"
    populate(database, 0.02, days=3)
    with served(database, directory, make_pack(directory / "content")) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


# The other two pairs are looked at in journeys/test_every_page.py.
@pytest.mark.parametrize(("language", "size"), [("zh", PHONE), ("en", WIDE)], ids=["zh-phone", "en-wide"])
def test_every_page_is_clean(desk: Served, browser: Any, language: str, size: dict[str, int]) -> None:
    person = signed_in(browser, desk, OPERATOR, language=language, size=size)
    for path in PAGES:
        person.goto(path)
        assert person.axe() == [], path
        assert not person.overflows(), path
        assert person.complaints == [], path
    person.page.context.close()


@pytest.fixture
def person(desk: Served, browser: Any) -> Iterator[Signed]:
    opened = signed_in(browser, desk, OPERATOR)
    yield opened
    assert opened.complaints == []
    opened.page.context.close()


def test_the_map_s_data_block_is_read_and_a_click_drills_down(person: Signed) -> None:
    page = person.goto("/console/")
    assert page.locator("#map canvas").count() == 1
    # The tree is the map for whoever has no mouse: the same regions, the same numbers.
    points = page.evaluate("JSON.parse(document.getElementById('map-data').textContent).points")
    rows = page.locator(".map-and-tree tbody tr")
    assert rows.count() == len(points)
    assert rows.first.locator("td.number").first.inner_text() == f"{points[0]['kiosks']:,}"
    rows.first.locator("a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/?region={points[0]['code']}")
    assert page.locator(".crumbs [aria-current]").inner_text() == points[0]["zh"]


def test_the_one_with_the_jam_is_found_by_keyboard(person: Signed) -> None:
    page = person.goto("/console/kiosks")
    page.keyboard.press("/")
    page.keyboard.type("卡纸")
    page.wait_for_url("**/console/kiosks?q=%E5%8D%A1%E7%BA%B8")  # in the address, and nothing else with it
    person.until("document.querySelector('#list tbody').textContent.includes('卡纸')")
    rows = page.locator("#list tbody tr")
    assert all("卡" in text for text in rows.all_inner_texts())
    rows.first.locator("a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/kiosks/K-*")
    assert "文档打印机卡纸" in page.locator(".trouble").inner_text()
    page.go_back()
    assert page.locator("#q").input_value() == "卡纸"


def test_paging_and_sorting_go_on_with_the_filter_and_work_without_javascript(
    desk: Served, browser: Any, person: Signed
) -> None:
    page = person.goto("/console/kiosks?health=ok")
    first = page.locator("#list tbody th").first.inner_text()
    page.locator("#list nav a[aria-label='下一页']").first.click()
    page.wait_for_url("**page=2**")
    person.until(f"document.querySelector('#list tbody th').innerText !== {first!r}")
    assert "health=ok" in page.url
    plain = browser.new_context(java_script_enabled=False, extra_http_headers={"x-test-staff": OPERATOR.staff_id})
    page = plain.new_page()
    page.goto(f"{desk.url}/console/kiosks")
    page.fill("#q", KIOSK)
    page.get_by_role("button", name="Find").or_(page.get_by_role("button", name="查找")).click()
    assert page.locator("#list tbody th").all_inner_texts() == [KIOSK]
    plain.close()


def test_a_command_is_given_with_the_fields_of_its_kind_only(person: Signed) -> None:
    page = person.goto(f"/console/kiosks/{KIOSK}")
    assert page.locator("#what").is_visible()
    page.select_option("#kind", "volume")
    assert not page.locator("#what").is_visible()
    page.fill("#percent", "35")
    page.locator(".command button").click()
    page.wait_for_url("**#commands")
    row = page.locator("#commands tbody tr").first
    assert "调节音量" in row.inner_text()
    assert "等待下发" in row.inner_text()


def test_the_skip_link_comes_first(person: Signed) -> None:
    page = person.goto("/console/kiosks")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
