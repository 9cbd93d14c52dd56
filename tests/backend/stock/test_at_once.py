"""Several issues at one kiosk take several blanks."""

from __future__ import annotations

import asyncio

from backend.problems import Refused
from tests.backend.hall import Hall
from tests.backend.stock.test_blanks import USED, load, reserve, states, use


async def test_every_issue_its_own_blank(hall: Hall) -> None:
    await load(hall, "QK0001", "QK0005")
    found = await asyncio.gather(
        *(reserve(hall, f"intent-{number:04d}", f"c{number}") for number in range(8)), return_exceptions=True
    )
    assert sorted(str(one) for one in found if isinstance(one, str)) == [f"QK000{number}" for number in range(1, 6)]
    assert [one.code for one in found if isinstance(one, Refused)] == ["no-stock"] * 3


async def test_the_same_report_at_once_counts_once(hall: Hall) -> None:
    await load(hall, "QK0001", "QK0005")
    answers = await asyncio.gather(*(hall.told(USED, use("intent-0001", spoilt=True)) for _ in range(4)))
    assert {answer["left"] for answer in answers} == {4}
    assert list((await states(hall)).values()).count("spoilt") == 1


async def test_two_sheets_spoilt_at_once_are_two_sheets(hall: Hall) -> None:
    """Whoever waits for the first sheet takes the second; nobody is told there is none."""
    await load(hall, "QK0001", "QK0008")
    reports = (use(f"intent-{number:04d}", spoilt=True) for number in range(8))
    answers = await asyncio.gather(*(hall.post(USED, report) for report in reports))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert list((await states(hall)).values()) == ["spoilt"] * 8
