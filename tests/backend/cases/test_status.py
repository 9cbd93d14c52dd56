"""Progress for whoever has the number and the code, and for nobody who guesses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import func, select

from backend.cases.models import CaseTry
from backend.cases.status import StatusService
from tests.backend.cases.test_packages import FORM, package
from tests.backend.cases.world import GOOD_FORM, LI, ZHANG, application, dumped, opened, png, scan
from tests.backend.house import House


async def ask(house: House, number: str, code: str, kiosk: str = "kiosk-1") -> httpx.Response:
    return await house.call("POST", "/cases/status", {"case_no": number, "check_code": code}, kiosk)


async def test_progress_without_personal_data(house: House) -> None:
    request = await application(house)
    receipt = await opened(house, request)
    number, code = receipt["case_no"], receipt["check_code"]
    before = (await ask(house, number, code)).json()
    assert [(step["label_zh"], step["state"]) for step in before["steps"]] == [
        ("已收到", "done"),
        ("正在转青口县人社局", "now"),
        ("部门审查", "todo"),
        ("办结", "todo"),
    ]
    await house.backend.state.case_handover.run()
    after = (await ask(house, number, code, "kiosk-2")).json()
    assert [(step["label_zh"], step["state"]) for step in after["steps"]] == [
        ("已收到", "done"),
        ("已转青口县人社局", "done"),
        ("部门审查", "now"),
        ("办结", "todo"),
    ]
    assert after["promised_by"] == receipt["promised_by"]
    assert after["case_no_masked"] == f"****{number[31:39]}-0001"
    for secret in (*ZHANG, GOOD_FORM["address"], number):
        assert secret not in dumped(after)


async def test_as_it_is_printed_and_typed(house: House) -> None:
    receipt = await opened(house, await application(house))
    number, code = receipt["case_no"], receipt["check_code"]
    spaced = f"{number[:18]} {number[18:31]}-{number[31:]} "
    assert (await ask(house, spaced.lower(), f"{code[:3]} {code[3:]}".lower())).status_code == 200
    wide = "".join(chr(ord(char) + 0xFEE0) for char in number + code)
    assert (await ask(house, wide[:43], wide[43:])).status_code == 200


async def test_a_wrong_number_and_a_wrong_code_are_the_same(house: House) -> None:
    receipt = await opened(house, await application(house))
    number, code = receipt["case_no"], receipt["check_code"]
    wrong_code = await ask(house, number, "AAAAAA" if code != "AAAAAA" else "CCCCCC")
    wrong_number = await ask(house, number[:-1] + "9", code)
    assert (wrong_code.status_code, wrong_code.json()) == (404, {"code": "case-unknown", "detail": ""})
    assert (wrong_number.status_code, wrong_number.content) == (wrong_code.status_code, wrong_code.content)


async def test_guessing_ends_soon(house: House) -> None:
    receipt = await opened(house, await application(house))
    number, code = receipt["case_no"], receipt["check_code"]
    for _ in range(5):
        assert (await ask(house, number, "AAAAAA")).status_code == 404
    for kiosk in ("kiosk-1", "kiosk-2"):  # the number is protected everywhere, from the right code too
        answer = await ask(house, number, code, kiosk)
        assert (answer.status_code, answer.json()["code"]) == (409, "too-many-tries")
    # A number that does not exist behaves in the same way.
    for _ in range(5):
        assert (await ask(house, "9" * 43, "AAAAAA")).status_code == 404
    assert (await ask(house, "9" * 43, "AAAAAA")).json()["code"] == "too-many-tries"


async def test_one_kiosk_cannot_try_many_numbers(house: House) -> None:
    for number in range(30):
        assert (await ask(house, f"{number:043d}", "AAAAAA")).status_code == 404
    assert (await ask(house, f"{31:043d}", "AAAAAA")).json()["code"] == "too-many-tries"
    assert (await ask(house, f"{31:043d}", "AAAAAA", "kiosk-2")).status_code == 404


async def test_the_limit_ends(house: House) -> None:
    receipt = await opened(house, await application(house))
    for _ in range(6):
        await ask(house, receipt["case_no"], "AAAAAA")
    state = house.backend.state
    later = StatusService(
        state.sessions,
        state.vault,
        state.cases_settings,
        clock=lambda: datetime.now(UTC) + timedelta(minutes=16),
    )
    await later.purge()
    async with state.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(CaseTry)) == 0
    assert (await ask(house, receipt["case_no"], receipt["check_code"])).status_code == 200


async def test_right_answers_are_not_counted(house: House) -> None:
    receipt = await opened(house, await application(house))
    for _ in range(8):
        assert (await ask(house, receipt["case_no"], receipt["check_code"])).status_code == 200


async def test_what_is_still_to_be_done(house: House) -> None:
    page = (await scan(house, png())).json()["scan_id"]
    materials: list[dict[str, Any]] = [
        {"id": "lease", "how": "scanned", "scans": [page]},
        {"id": "photo", "how": "later"},
        {"id": "birth", "how": "bring"},
    ]
    form = {**GOOD_FORM, "child": LI[1]}
    receipt = await opened(
        house, await application(house, situation={"whose": "child"}, materials=materials, form=form)
    )
    status = (await ask(house, receipt["case_no"], receipt["check_code"])).json()
    assert status["todo_zh"].startswith("请到窗口补交：照片、出生证明，20")
    assert status["todo_en"].startswith("Please hand in at the counter: Photo; Birth certificate by ")


async def test_the_parts_of_a_package(house: House) -> None:
    receipt = await opened(house, await package(house, parts=["licence", "tax"], form=FORM))
    await house.backend.state.case_handover.run()
    status = (await ask(house, receipt["case_no"], receipt["check_code"])).json()
    assert [(step["label_zh"], step["state"]) for step in status["steps"]] == [
        ("已收到", "done"),
        ("已转市场监管局", "done"),
        ("事项licence（市场监管局）", "now"),
        ("事项tax（tax）", "now"),
        ("办结", "todo"),
    ]
