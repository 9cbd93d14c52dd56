"""Papers, scans, records, tickets, signatures: touched as a resident would."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from content.schema.text import Text
from kiosk import form_texts
from kiosk import service_screens as v
from kiosk.screens import Nav
from kiosk.ui.bodies import sign
from kiosk.ui.pump import Pump
from kiosk.ui.samples import samples
from kiosk.ui.theme import Prefs
from tests.kiosk.ui.bodies.test_form import ids, seen, tap
from tests.kiosk.ui.test_stage import begin, target

pytestmark = pytest.mark.ui


@pytest.mark.parametrize(
    ("name", "touch_id", "answer"),
    [
        ("papers", "paper:lease", "lease"),
        ("papers", "paper:work", "work"),
        ("papers", "print-list", v.PapersAnswer.PRINT),
        ("papers-many", "primary", v.PapersAnswer.GO_ON),
        ("scan", "primary", v.ScanAnswer.TAKE),
        ("scan", "enough", v.ScanAnswer.ENOUGH),
        ("scan-taken", "primary", v.ScanAnswer.KEEP),
        ("scan-taken", "again", v.ScanAnswer.AGAIN),
        ("record", "primary", v.RecordAnswer.DONE),
        ("record", "print", v.RecordAnswer.PRINT),
        ("record-table", "reveal", v.RecordAnswer.REVEAL),
        ("queue-ticket", "primary", None),
        ("queue-ticket", "anywhere", None),
        ("scan-code", "back", Nav.BACK),
        ("sign", "back", Nav.BACK),
    ],
)
async def test_a_touch_answers(pump: Pump, name: str, touch_id: str, answer: object) -> None:
    task = await begin(pump, samples()[name])
    tap(pump, touch_id)
    assert await task == answer


async def test_missing_papers_are_named_instead_of_a_grey_button(pump: Pump) -> None:
    task = await begin(pump, samples()["papers"])
    tap(pump, "primary")
    assert not task.done()
    assert any("房屋租赁合同" in text and "要扫描" in text for text in seen(pump))
    task.cancel()


async def test_the_first_page_shown_has_what_is_to_be_scanned(pump: Pump) -> None:
    papers = samples()["papers-many"].papers
    last = replace(papers[-1], id="last", state=v.PaperState.TO_SCAN)
    task = await begin(pump, replace(samples()["papers-many"], papers=(*papers, last)))
    assert "paper:last" in ids(pump)
    tap(pump, "page:prev")
    assert "paper:last" not in ids(pump)
    task.cancel()


async def test_only_what_can_be_scanned_is_touched(pump: Pump) -> None:
    task = await begin(pump, samples()["papers"])
    assert {i for i in ids(pump) if i.startswith("paper:")} == {"paper:lease", "paper:work"}
    task.cancel()


async def test_the_first_page_cannot_be_enough(pump: Pump) -> None:
    task = await begin(pump, replace(samples()["scan"], pages=0))
    assert "enough" not in ids(pump)
    task.cancel()


async def test_all_rows_of_a_record_are_on_its_pages(pump: Pump) -> None:
    months = {f"2026-{month:02d}" for month in range(1, 11)}
    for prefs in (Prefs(), Prefs(large=True), Prefs(large=True, low_reach=True)):
        task = await begin(pump, samples()["record-table"])
        pump.current.surface.set_prefs(prefs)
        met: set[str] = set()
        for _ in range(20):
            met |= months & set(seen(pump))
            if "page:next" not in ids(pump):
                break
            tap(pump, "page:next")
        assert met == months
        task.cancel()
        await asyncio.sleep(0)


# --- signatures -------------------------------------------------------------------------------------------------------


def draw(pump: Pump, *places: tuple[float, float]) -> None:
    """Move a finger over the box; places are shares of its width and height."""
    from kivy.tests.common import UnitTestTouch

    box = target(pump, "sign")
    points = [(box.x + x * box.width, box.y + y * box.height) for x, y in places]
    touch = UnitTestTouch(*points[0])
    touch.touch_down()
    for point in points[1:]:
        touch.touch_move(*point)
    touch.touch_up()
    pump.frames()


async def until_done(pump: Pump, task: asyncio.Task[Any]) -> Any:
    for _ in range(200):
        pump.frames()
        await asyncio.sleep(0.01)
        if task.done():
            break
    return await task


def dark(png: bytes, box: tuple[int, int, int, int] | None = None) -> int:
    image = Image.open(io.BytesIO(png)).convert("L")
    return sum((image.crop(box) if box else image).histogram()[:128])


async def test_a_signature_is_a_picture_black_on_white(pump: Pump) -> None:
    task = await begin(pump, samples()["sign"])
    draw(pump, (0.2, 0.9), (0.4, 0.6), (0.6, 0.9))  # Kivy counts from below
    draw(pump, (0.2, 0.7), (0.6, 0.7))
    tap(pump, "primary")
    png = await until_done(pump, task)
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    assert image.width == 900
    assert image.getpixel((5, 5)) == 255
    assert dark(png) > 2000
    right = (int(image.width * 0.7), 0, image.width, image.height)
    assert dark(png, right) == 0  # drawn at the left, seen at the left
    assert dark(png, (0, image.height // 2, image.width, image.height)) == 0  # and drawn above, seen above


async def test_nothing_or_a_dot_is_no_signature(pump: Pump) -> None:
    task = await begin(pump, samples()["sign"])
    tap(pump, "primary")
    assert form_texts.SIGN_EMPTY.zh in seen(pump)
    tap(pump, "panel:close")
    draw(pump, (0.5, 0.5))
    tap(pump, "primary")
    assert form_texts.SIGN_EMPTY.zh in seen(pump)
    tap(pump, "panel:close", "back")
    assert await task is Nav.BACK


async def test_written_again_the_first_try_is_gone(pump: Pump) -> None:
    task = await begin(pump, samples()["sign"])
    draw(pump, (0.6, 0.5), (0.9, 0.5))
    tap(pump, "clear")
    draw(pump, (0.1, 0.5), (0.4, 0.5))
    tap(pump, "primary")
    png = await until_done(pump, task)
    assert dark(png, (450, 0, 900, 400)) == 0


async def test_lines_outside_the_box_are_not_drawn_and_leave_a_gap(pump: Pump) -> None:
    task = await begin(pump, samples()["sign"])
    draw(pump, (0.5, 0.2), (0.5, 0.8), (0.5, 1.4), (0.9, 1.4), (0.9, 0.8), (0.9, 0.2))
    strokes = pump.current.surface.state["strokes"]
    assert len(strokes) == 2
    task.cancel()


async def test_a_change_of_language_keeps_what_was_drawn(pump: Pump) -> None:
    task = await begin(pump, samples()["sign"])
    draw(pump, (0.1, 0.5), (0.9, 0.5))
    pump.current.surface.set_prefs(Prefs(large=True, low_reach=True))
    assert sign.length(pump.current.surface.state["strokes"]) > 500
    tap(pump, "primary")
    assert dark(await until_done(pump, task)) > 1000


async def test_what_was_drawn_is_forgotten_with_the_screen(pump: Pump) -> None:
    task = await begin(pump, samples()["sign"])
    draw(pump, (0.1, 0.5), (0.9, 0.5))
    task.cancel()
    await asyncio.sleep(0)
    again = await begin(pump, samples()["sign"])
    assert pump.current.surface.state.get("strokes") == []
    again.cancel()


def test_a_picture_of_many_lines_is_small() -> None:
    strokes = [[(x * 3.0, 200 + (x * 7 % 50)) for x in range(300)] for _ in range(12)]
    assert len(sign.picture(strokes, 984, 460)) < 100_000


def test_names_of_papers_are_told_in_both_languages() -> None:
    assert set(form_texts.PAPER_STATES) == set(v.PaperState)
    assert all(isinstance(text, Text) and text.en for text in form_texts.PAPER_STATES.values())
