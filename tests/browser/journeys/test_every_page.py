"""Every page of the console with something on it, in Chromium: nothing for axe-core to find, no broken policy, no
error of a script, and no page wider than a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.staff.roles import Grant, Role, Staff
from tests.backend.house import make_pack, migrated_sqlite
from tests.browser.chromium import PHONE, WIDE, chromium, needs_chromium, signed_in
from tests.browser.journeys.everything import PAGES, furnish
from tests.browser.served import Served, populate, served

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory: Path = tmp_path_factory.mktemp("desk")
    shutil.copy(migrated_sqlite(), directory / "menkou.sqlite3")
    database = f"sqlite+aiosqlite:///{directory / 'menkou.sqlite3'}"
    populate(database, 0.01, days=2)
    with served(database, directory, make_pack(directory / "content")) as opened:
        opened.run(furnish)
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.mark.timeout(600)  # fifty pages, each looked at by axe
@pytest.mark.parametrize(("language", "size"), [("zh", WIDE), ("en", PHONE)], ids=["zh-wide", "en-phone"])
def test_every_page_is_clean(desk: Served, browser: Any, language: str, size: dict[str, int]) -> None:
    everybody = Staff("chen", "陈样本", tuple(Grant(role, "990000000000") for role in Role))
    person = signed_in(browser, desk, everybody, language=language, size=size)
    found: dict[str, object] = {}
    for path in PAGES:
        page = person.goto(path)
        page.wait_for_load_state("networkidle")  # the kiosk page's panels come by themselves
        if "no-such" in path:
            person.complaints = [line for line in person.complaints if "status of 404" not in line]
        faults = [*person.axe(), *person.complaints, *(["wider than the window"] if person.overflows() else [])]
        person.complaints.clear()
        if faults:
            found[path] = faults
        lang = page.evaluate("document.documentElement.lang")
        assert lang == ("en" if language == "en" else "zh-Hans"), path
    preview = person.goto("/console/settings")
    preview.fill("#volume", "30")
    preview.locator("form .primary").click()
    preview.locator("input[name='set:volume']").wait_for(state="attached")
    if (faults := [*person.axe(), *person.complaints]) or person.overflows():
        found["/console/settings/preview"] = faults
    page.context.close()
    assert found == {}
