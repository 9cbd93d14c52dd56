"""Who may see the console's pages, what strangers and wrong addresses get, and what a browser may keep."""

from __future__ import annotations

import pytest

from backend.console.exports import safe_cell
from backend.console.pages import asset, percent
from backend.staff.roles import Role
from tests.backend.desk import ADMIN, CITY, OTHER_CITY, Desk, staff_with

PAGES = (
    "/console/",
    "/console/map",
    f"/console/?region={CITY}",
    "/console/kiosks",
    "/console/kiosks.csv",
    "/console/kiosks/K-990101000000",
    "/console/kiosks/K-990101000000/events",
    "/console/sites/S-990101000000",
    "/console/reports",
    "/console/reports?view=usage",
    "/console/reports?view=satisfaction",
    "/console/reports.csv",
    "/api/staff/v1/kiosks",
    "/api/staff/v1/kiosks/K-990101000000",
    "/api/staff/v1/kiosks/K-990101000000/events",
    "/api/staff/v1/sites/S-990101000000",
    f"/api/staff/v1/regions/{CITY}",
    f"/api/staff/v1/regions/{CITY}/sites",
    "/api/staff/v1/events",
    "/api/staff/v1/reports/month",
)
FOREIGN = (
    f"/console/?region={OTHER_CITY}",
    f"/console/map?region={OTHER_CITY}",
    f"/console/kiosks?region={OTHER_CITY}",
    f"/console/kiosks.csv?region={OTHER_CITY}",
    "/console/kiosks/K-990200000000",
    "/console/kiosks/K-990200000000/events",
    "/console/sites/S-990200000000",
    f"/console/reports?region={OTHER_CITY}",
    f"/console/reports.csv?region={OTHER_CITY}",
    f"/api/staff/v1/kiosks?region={OTHER_CITY}",
    "/api/staff/v1/kiosks/K-990200000000",
    "/api/staff/v1/kiosks/K-990200000000/events",
    "/api/staff/v1/sites/S-990200000000",
    f"/api/staff/v1/regions/{OTHER_CITY}",
    f"/api/staff/v1/regions/{OTHER_CITY}/sites",
    f"/api/staff/v1/events?region={OTHER_CITY}",
    f"/api/staff/v1/reports/month?region={OTHER_CITY}",
)


async def test_own_pages_open_and_foreign_ones_do_not_exist(desk: Desk) -> None:
    await desk.seed(0.05)
    city = staff_with(Role.VIEWER, CITY)
    for language in ("zh", "en"):
        for path in PAGES:
            reply = await desk.get(path, city, headers={"accept-language": language})
            assert reply.status_code == 200, (path, reply.text[:300])
            assert "9902" not in reply.text.replace("console/static", ""), path
    for path in FOREIGN:
        assert (await desk.get(path, city)).status_code == 404, path
        assert (await desk.get(path, ADMIN)).status_code == 200, path


async def test_strangers_are_led_to_the_sign_in_page(desk: Desk) -> None:
    reply = await desk.get("/console/kiosks?health=bad", None)
    assert reply.status_code == 303
    assert reply.headers["location"].startswith("/console/sign-in?next=/console/kiosks")
    fragment = await desk.get("/console/kiosks", None, headers={"hx-request": "true"})
    assert (fragment.status_code, fragment.headers["hx-redirect"]) == (204, "/console/sign-in")
    away = {"hx-request": "true", "hx-current-url": "https://elsewhere.invalid/console/../x"}
    assert "elsewhere" not in (await desk.get("/console/kiosks", None, headers=away)).headers["hx-redirect"]
    assert (await desk.post("/console/kiosks/bulk", None, data={"kind": "restart"})).headers["location"] == (
        "/console/sign-in"
    )
    assert (await desk.get("/api/staff/v1/kiosks", None)).status_code == 401


async def test_errors_have_the_console_s_look_and_give_nothing_away(desk: Desk) -> None:
    missing = await desk.get("/console/nothing/<script>", headers={"accept-language": "en"})
    assert missing.status_code == 404
    assert "Not found" in missing.text
    assert "<script>" not in missing.text
    assert "default-src 'none'" in missing.headers["content-security-policy"]
    viewer = staff_with(Role.VIEWER)
    refused = await desk.post("/console/kiosks/bulk", viewer, data={"kind": "restart"})
    assert (refused.status_code, "没有权限" in refused.text) == (403, True)
    assert (await desk.get("/console/kiosks/K-1/events?before_id=x")).status_code == 422
    assert (await desk.get("/console/reports?month=2026-13")).status_code == 404


async def test_a_fault_of_ours_is_a_page_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ValueError("secret text")

    monkeypatch.setattr("backend.console.kiosks.listing", broken)
    reply = await desk.get("/console/kiosks")
    assert reply.status_code == 500
    assert "系统出错" in reply.text
    assert "secret" not in reply.text


async def test_static_files_are_kept_for_ever_and_nothing_else_is_served(desk: Desk) -> None:
    reply = await desk.get(asset("console.css"), None)
    assert reply.status_code == 200
    assert "immutable" in reply.headers["cache-control"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert (await desk.get("/console/static/console.css", None)).headers["cache-control"] == "no-cache"
    for name in ("../pages.py", "%2e%2e/pages.py", "..%2fpages.py", "vendor", "", ".hidden", "nothing.js"):
        assert (await desk.get(f"/console/static/{name}", None)).status_code == 404


async def test_the_language_is_remembered_and_leads_back_to_our_own_pages_only(desk: Desk) -> None:
    asked = {"referer": "http://desk.invalid/console/kiosks?q=1"}
    reply = await desk.post("/console/language", None, data={"language": "en"}, headers=asked)
    assert reply.headers["location"] == "/console/kiosks?q=1"
    assert "menkou_language=en" in reply.headers["set-cookie"]
    for referer in ("http://evil.invalid/console/", "http://desk.invalid//evil.invalid/console", "junk"):
        reply = await desk.post("/console/language", None, data={"language": "xx"}, headers={"referer": referer})
        assert reply.headers["location"] == "/console/"
        assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "＝1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe_cell(text).startswith("'")


def test_numbers_and_words_stay() -> None:
    assert [safe_cell(value) for value in (-5, 1.5, "K-1", "", None)] == ["-5", "1.5", "K-1", "", ""]


def test_a_share_is_never_rounded_to_all_or_nothing() -> None:
    assert [percent(share) for share in (0, 0.00001, 0.5, 0.99999, 1)] == ["0.0%", "<0.1%", "50.0%", "99.9%", "100.0%"]
