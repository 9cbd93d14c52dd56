"""The accessible keypad: every screen can be walked and answered without touching it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from content.schema.text import Text
from drivers.keypad.port import Key as DriverKey
from kiosk import screens as s
from kiosk.idle import PatientStage
from kiosk.journeys.context import TimedOut
from kiosk.keys import DIGITS, Key, KeyPress
from kiosk.ui.gallery import names, show
from kiosk.ui.inspect import describe
from kiosk.ui.pump import Pump
from kiosk.ui.samples import samples
from kiosk.ui.theme import Prefs
from tests.kiosk.ui.test_stage import begin

pytestmark = pytest.mark.ui

LOOKS = {"standard": Prefs(), "large-low": Prefs(large=True, low_reach=True, high_contrast=True)}


def press(pump: Pump, *keys: Key, repeated: bool = False) -> None:
    for key in keys:
        pump.current.press(KeyPress(key, repeated))


def focused(pump: Pump) -> str | None:
    return pump.current.surface.focus.on


def touchable(surface: Any) -> list[str]:
    """All that does something when touched; "anywhere" is only a large place for what a button does."""
    return [t.touch_id for t in surface.active_targets() if t.tap is not None and t.touch_id != "anywhere"]


def walk_to(pump: Pump, touch_id: str) -> None:
    for _ in touchable(pump.current.surface):
        press(pump, Key.RIGHT)
        if focused(pump) == touch_id:
            return
    raise LookupError(touch_id)


def test_the_screens_keys_are_the_keypads() -> None:
    assert {key.name: key.value for key in Key} == {key.name: key.value for key in DriverKey}


@pytest.mark.parametrize("look", list(LOOKS))
def test_every_target_is_reached_in_reading_order_and_the_ring_goes_round(window: Pump, look: str) -> None:
    for name in names():
        surface = show(window, name, LOOKS[look]).surface
        ids = touchable(surface)
        met = []
        for _ in ids:
            press(window, Key.RIGHT)
            met.append(focused(window))
        assert sorted(met) == sorted(ids), name
        press(window, Key.RIGHT)
        assert focused(window) == met[0], name
        press(window, Key.LEFT, Key.LEFT)
        assert focused(window) == met[-2 % len(met)], name
        place = {t.touch_id: t for t in surface.active_targets()}
        start = met.index(min(ids, key=lambda i: (-place[i].top, place[i].x)))
        for before, after in pairwise(place[i] for i in met[start:] + met[:start]):
            beside = after.x > before.x and after.center_y > before.y and after.y < before.center_y
            assert beside or after.center_y < before.center_y, (name, before.touch_id, after.touch_id)


@pytest.mark.parametrize("look", list(LOOKS))
def test_up_and_down_go_through_the_rows_and_come_back(window: Pump, look: str) -> None:
    for name in names():
        surface = show(window, name, LOOKS[look]).surface
        middle = {t.touch_id: round(t.center_y) for t in surface.active_targets()}
        rows = {middle[touch_id] for touch_id in touchable(surface)}
        press(window, Key.DOWN)
        met = set()
        for _ in rows:
            here = middle[focused(window)]
            met.add(here)
            press(window, Key.DOWN, Key.UP)
            assert middle[focused(window)] == here, name
            press(window, Key.DOWN)
        assert met == rows, name


def outcome(window: Pump, name: str, touch_id: str, by_key: bool) -> Any:
    """What happens on a fresh screen: calls made, and what is then to be seen."""
    stage = show(window, name, Prefs())
    surface, calls = stage.surface, []
    surface.on_answer = lambda value: calls.append(("answer", value))
    surface.on_over_answer = lambda value: calls.append(("over", value))
    surface.on_leave = lambda: calls.append("leave")
    if name != "staff-absent":
        surface.on_call_staff = lambda: calls.append("staff")
    if by_key:
        walk_to(window, touch_id)
        press(window, Key.CONFIRM)
    else:
        window.tap(touch_id)
    seen = describe(stage)
    # The countdowns run meanwhile.
    seen["texts"] = [t for t in seen["texts"] if not (t.startswith("还有") or (surface.over and t.isdigit()))]
    return calls, {key: seen[key] for key in ("screen", "over", "panel", "language", "large", "texts", "targets")}


@pytest.mark.timeout(180)
def test_confirm_does_what_a_touch_does_on_every_target(window: Pump) -> None:
    """Once for each kind of screen; of letters, digits and the rows of lists a few."""
    done: set[tuple[object, str]] = set()
    rows: Counter[tuple[object, str]] = Counter()
    for name in names():
        surface = show(window, name, Prefs()).surface
        at = type(surface.over or surface.screen), bool(surface.panel)
        for touch_id in touchable(surface):
            kind, _, key = touch_id.partition(":")
            if (at, touch_id) in done or (kind in ("letter", "key") and len(key) == 1 and key not in "A039号"):
                continue
            rows[at, kind] += 1
            if kind in ("field", "item", "paper", "pick", "choice") and rows[at, kind] > 3:
                continue
            if touch_id in ("lang", "access", "call-staff", "back", "leave") and name != "keypad":
                continue  # the same on every screen
            done.add((at, touch_id))
            assert outcome(window, name, touch_id, True) == outcome(window, name, touch_id, False), (name, touch_id)
    assert len(done) > 50


# --- one resident -----------------------------------------------------------------------------------------------------


async def test_nothing_is_focused_until_an_arrow_and_nothing_after_a_touch(pump: Pump) -> None:
    task = await begin(pump, samples()["consent"])
    blank = pump.screenshot()
    assert focused(pump) is None
    press(pump, *set(Key) - {Key.UP, Key.DOWN, Key.LEFT, Key.RIGHT, Key.BACK, Key.HOME, Key.HELP})
    await asyncio.sleep(0)
    assert focused(pump) is None
    assert not task.done()
    press(pump, Key.DOWN)
    assert focused(pump) == "decline"
    assert pump.screenshot().tobytes() != blank.tobytes()
    touch = pump.press(pump.current.surface)  # beside every target
    pump.lift(touch)
    assert focused(pump) is None
    assert pump.screenshot().tobytes() == blank.tobytes()
    task.cancel()


@pytest.mark.parametrize("high_contrast", [False, True])
async def test_the_ring_is_seen_all_around_six_pixels_wide(pump: Pump, high_contrast: bool) -> None:
    surface = show(pump, "home", Prefs(high_contrast=high_contrast)).surface
    for wanted in ("door:fees", "call-staff", "search"):
        walk_to(pump, wanted)
        target = next(t for t in surface.active_targets() if t.touch_id == wanted)
        image, height = pump.screenshot(), pump.height
        colour = tuple(round(255 * part) for part in _rgb(surface.prefs.palette.focus))
        gap = tuple(round(255 * part) for part in _rgb(surface.prefs.palette.focus_gap))
        middle = round(target.center_x), height - round(target.center_y)
        for out in range(12):
            sides = (
                (round(target.x) - 1 - out, middle[1]),
                (round(target.right) + out, middle[1]),
                (middle[0], height - round(target.top) - 1 - out),
                (middle[0], height - round(target.y) + out),
            )
            for side in sides:
                assert image.getpixel(side) == (gap if out < 6 else colour), (wanted, out, side)


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))


async def test_a_trembling_confirm_does_not_answer_the_next_screen(strict: Pump) -> None:
    task = await begin(strict, samples()["guide"])
    walk_to(strict, "primary")
    press(strict, Key.CONFIRM, Key.CONFIRM)
    assert await asyncio.wait_for(task, 5) is s.GuideAnswer.START
    following = await begin(strict, samples()["unavailable"])
    press(strict, Key.CONFIRM, Key.CONFIRM, Key.CONFIRM)
    press(strict, Key.CONFIRM, repeated=True)
    await asyncio.sleep(0)
    assert not following.done()
    following.cancel()


async def test_a_held_key_moves_and_deletes_but_presses_nothing(pump: Pump) -> None:
    task = await begin(pump, samples()["keypad"])
    press(pump, Key.DIGIT_1, Key.DIGIT_2, Key.DIGIT_3)
    press(pump, Key.DIGIT_3, repeated=True)
    press(pump, Key.DELETE, repeated=True)
    assert pump.current.surface.state["digits"] == "12"
    press(pump, Key.DOWN)
    first = focused(pump)
    press(pump, Key.DOWN, repeated=True)
    assert focused(pump) != first
    press(pump, Key.BACK, Key.HOME, Key.HELP, repeated=True)
    await asyncio.sleep(0)
    assert not task.done()
    assert pump.current.surface.panel is None
    task.cancel()


async def test_digits_are_typed_and_confirm_ends_them(pump: Pump) -> None:
    task = await begin(pump, samples()["keypad-pin"])
    press(pump, Key.DIGIT_7, Key.CONFIRM)
    await asyncio.sleep(0)
    assert not task.done()
    press(pump, Key.DELETE, *map(Key, "123456"))
    assert focused(pump) is None
    assert "123456" not in str(describe(pump.current)["texts"])
    press(pump, Key.CONFIRM)
    assert await asyncio.wait_for(task, 5) == "123456"
    assert not any(key.value in repr(KeyPress(key)) for key in DIGITS)


async def test_digits_answer_nothing_on_other_screens(pump: Pump) -> None:
    task = await begin(pump, samples()["choose-identity"])
    press(pump, *DIGITS, Key.DELETE, Key.CONFIRM)
    await asyncio.sleep(0)
    assert not task.done()
    task.cancel()


async def test_back_home_and_help_need_no_focus(pump: Pump) -> None:
    called: list[str] = []
    pump.current.on_leave = lambda: called.append("leave")
    pump.current.on_call_staff = lambda: called.append("staff")
    task = await begin(pump, samples()["place-card"])
    press(pump, Key.HELP, Key.HOME)
    assert called == ["staff", "leave"]
    press(pump, Key.BACK)
    assert await asyncio.wait_for(task, 5) is s.Nav.BACK
    task = await begin(pump, samples()["printing"])  # cannot be left
    press(pump, Key.HOME, Key.BACK)
    assert called == ["staff", "leave"]
    task.cancel()


async def test_a_trembling_help_calls_once(strict: Pump) -> None:
    called: list[str] = []
    strict.current.on_call_staff = lambda: called.append("staff")
    task = await begin(strict, samples()["printing"])
    press(strict, Key.HELP, Key.HELP, Key.HELP)
    assert called == ["staff"]
    task.cancel()


async def test_a_panel_has_the_focus_and_gives_it_back(pump: Pump) -> None:
    task = await begin(pump, samples()["review"])
    walk_to(pump, "access")
    press(pump, Key.CONFIRM)
    assert focused(pump) is None  # a second CONFIRM does nothing
    press(pump, Key.DOWN)
    assert focused(pump) == "access:large"
    press(pump, Key.CONFIRM)
    assert pump.current.surface.prefs.large
    assert focused(pump) == "access:large"  # the same target of the new picture
    press(pump, Key.BACK)
    assert pump.current.surface.panel is None
    assert focused(pump) is None
    press(pump, Key.RIGHT)
    assert focused(pump) == "access"
    assert not task.done()
    task.cancel()


async def test_more_time_takes_the_focus_and_never_first_on_the_end(pump: Pump) -> None:
    below = await begin(pump, samples()["review"])
    walk_to(pump, "primary")
    over = asyncio.create_task(pump.current.ask_over(samples()["more-time"]))
    await asyncio.sleep(0)
    press(pump, Key.CONFIRM)  # was meant for the screen below
    await asyncio.sleep(0)
    assert not over.done()
    assert not below.done()
    for arrow in (Key.UP, Key.DOWN, Key.LEFT, Key.RIGHT):
        pump.current.surface.focus.new_screen()
        press(pump, arrow)
        assert focused(pump) == "more-time"
    press(pump, Key.CONFIRM, Key.CONFIRM)
    assert await asyncio.wait_for(over, 5) is True
    assert not below.done()
    below.cancel()


@pytest.mark.parametrize(("key", "answer"), [(Key.BACK, True), (Key.HOME, False), (Key.HELP, True)])
async def test_more_time_answered_by_one_key(pump: Pump, key: Key, answer: bool) -> None:
    pump.current.on_call_staff = lambda: None
    below = await begin(pump, samples()["review"])
    over = asyncio.create_task(pump.current.ask_over(samples()["more-time"]))
    await asyncio.sleep(0)
    press(pump, key)
    assert await asyncio.wait_for(over, 5) is answer
    assert not below.done()
    below.cancel()


async def test_the_ring_is_first_where_nothing_is_lost(pump: Pump) -> None:
    losing = {"leave", "end", "cancel", "button:give-up"}
    stopped = replace(
        samples()["message-problem"],
        buttons=(s.Choice("wait", Text("再等等", "Wait")), s.Choice("give-up", Text("不打了", "Give up"))),
    )
    for screen in (*samples().values(), stopped):
        for arrow in (Key.DOWN, Key.UP):
            if isinstance(screen, s.MoreTime):
                continue
            pump.current.surface.show(screen, fresh=True)
            press(pump, arrow)
            assert focused(pump) not in losing


async def test_new_content_of_the_same_screen_keeps_the_ring(pump: Pump) -> None:
    home = samples()["home"]
    task = await begin(pump, home)
    walk_to(pump, "door:fees")
    pump.current.show(replace(home, notice=None))
    assert focused(pump) == "door:fees"
    press(pump, Key.CONFIRM)
    assert await asyncio.wait_for(task, 5) == "door:fees"


async def test_a_key_is_activity_and_the_home_screen_forgets_the_ring(pump: Pump) -> None:
    task = await begin(pump, samples()["home"])
    for key in Key:
        before = time.monotonic()
        press(pump, key)
        assert pump.current.last_touch() >= before
    press(pump, Key.DOWN)
    pump.current.surface._tick(1.0)
    assert focused(pump) is not None
    pump.current.surface.last_touch -= 61
    pump.current.surface._tick(1.0)
    assert focused(pump) is None
    task.cancel()


@pytest.mark.parametrize("key", [Key.HOME, Key.BACK, Key.DOWN])
async def test_more_time_is_asked_and_answered_without_a_touch(pump: Pump, key: Key) -> None:
    patient = PatientStage(pump.current, more_time_s=30)
    task = asyncio.create_task(patient.ask(replace(samples()["review"], idle_s=0.2)))
    async with asyncio.timeout(20):
        while pump.current.surface.over is None:
            await asyncio.sleep(0.01)
        press(pump, key)
        if key is Key.HOME:
            with pytest.raises(TimedOut):
                await task
            return
        while pump.current.surface.over is not None:  # whoever presses a key at all is there
            await asyncio.sleep(0.01)
    assert not task.done()
    assert focused(pump) is None
    task.cancel()
