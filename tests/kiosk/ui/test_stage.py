"""Touch to answer, through Kivy's real touch dispatch."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from content.schema.text import Language, Text
from kiosk import form_texts
from kiosk import screens as s
from kiosk.ui.inspect import describe
from kiosk.ui.pump import Pump
from kiosk.ui.samples import samples

pytestmark = pytest.mark.ui


async def begin(pump: Pump, screen: s.Screen[Any]) -> asyncio.Task[Any]:
    task = asyncio.create_task(pump.current.ask(screen))
    await asyncio.sleep(0)
    pump.frames()
    return task


def target(pump: Pump, touch_id: str) -> Any:
    return next(t for t in pump.current.surface.active_targets() if t.touch_id == touch_id)


@pytest.mark.parametrize(
    ("name", "touch_id", "answer"),
    [
        ("home", "door:certificates", "door:certificates"),
        ("home", "service:water-bill", "service:water-bill"),
        ("service-list", "service:tax-proof", "tax-proof"),
        ("unavailable", "primary", None),
        ("guide", "primary", s.GuideAnswer.START),
        ("guide", "print-guide", s.GuideAnswer.PRINT),
        ("consent", "agree", True),
        ("consent", "decline", False),
        ("place-card", "back", s.Nav.BACK),
        ("choose-identity", "choice:sms-pin", "sms-pin"),
        ("face-check", "other-way", s.FaceAnswer.OTHER_WAY),
        ("keypad-code", "resend", s.RESEND),
        ("review", "primary", None),
        ("pay", "cancel", s.PayAnswer.CANCEL),
        ("pay", "more-time", s.PayAnswer.MORE_TIME),
        ("preview", "primary", s.PreviewAnswer.PRINT),
        ("preview", "reveal", s.PreviewAnswer.REVEAL),
        ("rate", "rate:4", s.RateAnswer.GOOD),
        ("rate", "skip", s.RateAnswer.SKIP),
        ("message-problem", "button:again", "again"),
        ("goodbye", "anywhere", None),
        ("goodbye", "primary", None),
    ],
)
async def test_a_touch_answers(pump: Pump, name: str, touch_id: str, answer: object) -> None:
    task = await begin(pump, samples()[name])
    pump.tap(touch_id)
    assert await asyncio.wait_for(task, 5) == answer


async def test_typed_digits_are_the_answer_and_ok_waits_for_them(pump: Pump) -> None:
    task = await begin(pump, samples()["keypad-pin"])
    pump.tap("primary")
    for key in ("1", "2", "9", "delete", "3", "4", "5"):
        pump.tap(f"key:{key}")
    pump.tap("primary")
    await asyncio.sleep(0)
    assert not task.done()
    pump.tap("key:6")
    pump.tap("key:7")  # one too many is not taken
    assert "123456" not in " ".join(describe(pump.current)["texts"])  # a secret is dots
    pump.tap("primary")
    assert await asyncio.wait_for(task, 5) == "123456"


async def test_a_double_tap_answers_once(strict: Pump) -> None:
    task = await begin(strict, samples()["guide"])
    strict.tap("primary")
    strict.tap("primary")
    assert await asyncio.wait_for(task, 5) is s.GuideAnswer.START
    following = await begin(strict, samples()["unavailable"])
    strict.tap("primary")  # the same place on the next screen: still the double tap
    await asyncio.sleep(0)
    assert not following.done()
    following.cancel()


async def test_an_identical_key_is_ignored_for_the_debounce_time_and_another_is_not(strict: Pump) -> None:
    task = await begin(strict, samples()["keypad"])
    for key in ("1", "1", "2", "2"):
        strict.tap(f"key:{key}")
    assert strict.current.surface.state["digits"] == "12"
    task.cancel()


async def test_a_touch_during_the_transition_is_ignored(pump: Pump) -> None:
    task = await begin(pump, samples()["guide"])
    pump.current.surface.in_transition = True
    pump.tap("primary")
    await asyncio.sleep(0)
    assert not task.done()
    pump.current.surface.in_transition = False
    pump.tap("primary")
    assert await asyncio.wait_for(task, 5) is s.GuideAnswer.START


async def test_a_finger_that_was_down_before_the_screen_changed_answers_nothing(pump: Pump) -> None:
    task = await begin(pump, samples()["guide"])
    touch = pump.press(target(pump, "primary"))
    task.cancel()
    following = await begin(pump, samples()["unavailable"])
    pump.lift(touch)
    await asyncio.sleep(0)
    assert not following.done()
    following.cancel()


async def test_pressed_is_seen_in_the_next_frame_and_sliding_off_cancels(pump: Pump) -> None:
    task = await begin(pump, samples()["guide"])
    button = target(pump, "primary")
    touch = pump.press(button)
    assert button.veil.a > 0
    touch.touch_move(10, 10)
    assert button.veil.a == 0
    pump.lift(touch)
    await asyncio.sleep(0)
    assert not task.done()
    task.cancel()


async def test_a_press_changes_one_colour_and_a_key_the_digits_only(pump: Pump) -> None:
    """What a touch costs in time: nothing else is built anew."""
    task = await begin(pump, samples()["keypad"])
    surface = pump.current.surface
    before = list(surface.walk(restrict=True))
    touch = pump.press(target(pump, "key:5"))
    assert list(surface.walk(restrict=True)) == before
    pump.lift(touch)
    after = set(surface.walk(restrict=True))
    gone = {widget for widget in before if widget not in after}
    assert surface.state["digits"] == "5"
    assert gone, "the digits are drawn anew"
    assert not any(hasattr(widget, "touch_id") for widget in gone), "and no button"
    task.cancel()


def test_what_waits_is_handed_on_without_a_pause(pump: Pump, monkeypatch: pytest.MonkeyPatch) -> None:
    from kivy.core.window import Window

    from kiosk.ui import prompt

    class Fake:
        _max_fps = 60

    arriving = iter(([], ["a finger"], []))
    monkeypatch.setattr(prompt, "Clock", Fake)
    monkeypatch.setattr(
        Window, "mainloop", lambda: setattr(prompt.SDL2MotionEventProvider, "q", next(arriving)), raising=False
    )
    monkeypatch.setattr(prompt.SDL2MotionEventProvider, "q", [])
    prompt.hand_on_at_once()
    seen = []
    for _ in range(3):
        Window.mainloop()
        seen.append(Fake._max_fps)
    assert seen == [60, 0, 60]


async def test_garbage_is_collected_in_a_rest_only(pump: Pump, monkeypatch: pytest.MonkeyPatch) -> None:
    from kiosk.ui import tidy

    class Fake:
        """Of `gc` and of the clock only what is used; `collect` is counted."""

        collected = 0
        freeze = staticmethod(lambda: None)
        get_threshold = staticmethod(lambda: (700, 10, 10))
        set_threshold = staticmethod(lambda *_args: None)

        def collect(self) -> None:
            self.collected += 1

        def schedule_interval(self, call: Any, _seconds: float) -> None:
            self.call = call

    fake = Fake()
    monkeypatch.setattr(tidy, "gc", fake)
    monkeypatch.setattr(tidy, "Clock", fake)
    surface = pump.current.surface
    tidy.tidy_at_rest(surface)
    task = await begin(pump, samples()["guide"])
    assert fake.collected == 1, "at the start"
    fake.call(0.5)
    assert fake.collected == 1, "the screen has only just been built"
    surface.built_at -= 60
    surface.last_touch -= 60
    fake.call(0.5)
    fake.call(0.5)
    assert fake.collected == 2, "once a screen"
    task.cancel()


async def test_language_switch_keeps_what_was_typed(pump: Pump) -> None:
    task = await begin(pump, samples()["keypad"])
    for key in "519":
        pump.tap(f"key:{key}")
    serial = describe(pump.current)["serial"]
    pump.tap("lang")
    seen = describe(pump.current)
    assert seen["language"] == "en"
    assert seen["question"] == "Please enter your water account number"
    assert seen["serial"] == serial
    assert pump.current.surface.state["digits"] == "519"
    assert [t for t in seen["texts"] if t in "519"] == ["5", "1", "9"] or "5" in seen["texts"]
    task.cancel()


async def test_a_cancelled_ask_leaves_the_picture_and_makes_room(pump: Pump) -> None:
    first = await begin(pump, samples()["guide"])
    with pytest.raises(RuntimeError):
        await pump.current.ask(samples()["rate"])
    first.cancel()
    await asyncio.sleep(0)
    assert describe(pump.current)["screen"] == "Guide"
    pump.tap("primary")  # nobody asks: nothing happens
    second = await begin(pump, samples()["rate"])
    pump.tap("rate:5")
    assert await asyncio.wait_for(second, 5) is s.RateAnswer.VERY_GOOD


async def test_show_of_the_same_kind_keeps_the_pending_ask_and_its_state(pump: Pump) -> None:
    task = await begin(pump, samples()["place-card"])
    serial = describe(pump.current)["serial"]
    pump.current.show(samples()["place-card-hint"])
    seen = describe(pump.current)
    assert seen["serial"] == serial
    assert any("没有读到" in text for text in seen["texts"])
    pump.tap("back")
    assert await asyncio.wait_for(task, 5) is s.Nav.BACK


async def test_ask_over_keeps_the_ask_below(pump: Pump) -> None:
    below = await begin(pump, samples()["keypad"])
    pump.tap("key:5")
    over = asyncio.create_task(pump.current.ask_over(samples()["more-time"]))
    await asyncio.sleep(0)
    assert describe(pump.current)["over"] == "MoreTime"
    with pytest.raises(LookupError):
        pump.tap("key:1")
    pump.tap("more-time")
    assert await asyncio.wait_for(over, 5) is True
    assert not below.done()
    assert pump.current.surface.state["digits"] == "5"
    pump.tap("back")
    assert await asyncio.wait_for(below, 5) is s.Nav.BACK


async def test_reset_restores_everything_and_forgets(pump: Pump) -> None:
    task = await begin(pump, samples()["keypad"])
    pump.tap("key:5")
    pump.tap("lang")
    pump.tap("access")
    for name in ("large", "high-contrast", "low-reach"):
        pump.tap(f"access:{name}")
    prefs = pump.current.surface.prefs
    assert (prefs.language, prefs.large, prefs.high_contrast, prefs.low_reach) == (Language.EN, True, True, True)
    pump.current.reset()
    seen = describe(pump.current)
    assert (seen["language"], seen["large"], seen["high_contrast"], seen["low_reach"]) == ("zh", False, False, False)
    assert not seen["panel"]
    assert "digits" not in pump.current.surface.state
    task.cancel()


async def test_leave_and_staff_call_their_owners_and_claim_nothing(pump: Pump) -> None:
    called: list[str] = []
    pump.current.on_leave = lambda: called.append("leave")
    pump.current.on_call_staff = lambda: called.append("staff")
    task = await begin(pump, samples()["guide"])
    pump.tap("call-staff")
    assert not describe(pump.current)["panel"], "what is said about a call is the owner's matter"
    pump.tap("leave")
    assert called == ["staff", "leave"]
    assert not task.done()
    task.cancel()


async def test_without_anyone_to_call_the_hotline_is_named(pump: Pump) -> None:
    task = await begin(pump, samples()["guide"])
    pump.tap("call-staff")
    seen = describe(pump.current)
    assert seen["panel"]
    assert any("12345" in text and "窗口" in text for text in seen["texts"])
    pump.tap("panel:close")
    assert not describe(pump.current)["panel"]
    task.cancel()


async def test_a_held_press_survives_new_content_of_the_same_screen(pump: Pump) -> None:
    home = samples()["home"]
    task = await begin(pump, home)
    touch = pump.press(target(pump, "door:certificates"))
    before = target(pump, "door:certificates")
    pump.current.show(replace(home, notice=None))  # a device came or went in mid-press
    pump.frames()
    after = target(pump, "door:certificates")
    assert after is not before
    assert after.veil.a > 0, "still looks pressed"
    pump.lift(touch)
    assert await asyncio.wait_for(task, 5) == "door:certificates"


async def test_a_held_press_survives_every_cue_of_the_face_check(pump: Pump) -> None:
    screen = samples()["face-check"]
    task = await begin(pump, screen)
    touch = pump.press(target(pump, "other-way"))
    for cue in s.FaceCue:
        pump.current.show(replace(screen, cue=cue))
    pump.lift(touch)
    assert await asyncio.wait_for(task, 5) is s.FaceAnswer.OTHER_WAY


async def test_what_became_unavailable_in_mid_press_answers_nothing(pump: Pump) -> None:
    home = samples()["home"]
    task = await begin(pump, home)
    touch = pump.press(target(pump, "door:certificates"))
    gone = tuple(replace(d, unavailable=Text("暂停", "Paused")) for d in home.doors)
    pump.current.show(replace(home, doors=gone))
    pump.lift(touch)
    await asyncio.sleep(0)
    assert not task.done()
    assert describe(pump.current)["panel"], "it says why instead"
    task.cancel()


async def test_a_screen_laid_over_drops_a_held_press(pump: Pump) -> None:
    below = await begin(pump, samples()["message-problem"])
    touch = pump.press(target(pump, "button:end"))
    over = asyncio.create_task(pump.current.ask_over(samples()["message-problem"]))
    await asyncio.sleep(0)
    assert target(pump, "button:end").veil.a == 0, "the button of the same name above was not meant"
    pump.lift(touch)
    await asyncio.sleep(0)
    assert not below.done()
    assert not over.done()
    over.cancel()
    below.cancel()


async def test_a_message_laid_over_says_everything_and_is_answered(pump: Pump) -> None:
    below = await begin(pump, samples()["keypad"])
    message = replace(samples()["staff"], entries=samples()["review-bill"].entries[:1])
    over = asyncio.create_task(pump.current.ask_over(message))
    await asyncio.sleep(0)
    seen = " ".join(describe(pump.current)["texts"])
    assert message.question.zh in seen
    assert "工作人员会远程帮您" in seen
    assert message.entries[0].value.zh in seen
    pump.tap("button:ok")
    assert await asyncio.wait_for(over, 5) == "ok"
    assert describe(pump.current)["over"] is None
    pump.tap("key:5")
    assert pump.current.surface.state["digits"] == "5"
    below.cancel()


async def test_face_check_says_the_screens_question_and_ticks_only_what_is_done(pump: Pump) -> None:
    screen = replace(samples()["face-check"], cue=s.FaceCue.LOOK, done=(s.FaceCue.LOOK, s.FaceCue.HOLD_STILL))
    task = await begin(pump, screen)
    seen = describe(pump.current)["texts"]
    assert seen.count(screen.question.zh) == 1
    assert [text for text in seen if text in ("看镜头", "不动")] == ["不动", "看镜头"], (
        "done first, then the current one"
    )
    task.cancel()


async def test_large_type_gives_three_times_as_long(pump: Pump) -> None:
    task = await begin(pump, samples()["home"])
    assert pump.current.patience() == 1.0
    pump.tap("elder")
    assert pump.current.surface.prefs.large
    assert pump.current.patience() == 3.0
    pump.current.reset()
    assert pump.current.patience() == 1.0
    task.cancel()


async def test_an_unavailable_door_says_why_and_answers_nothing(pump: Pump) -> None:
    task = await begin(pump, samples()["home"])
    pump.tap("door:packages")
    seen = describe(pump.current)
    assert seen["panel"]
    assert any("还没有开通" in text for text in seen["texts"])
    pump.tap("panel:close")
    assert not task.done()
    task.cancel()


async def test_search_finds_by_pinyin_and_initials(pump: Pump) -> None:
    for typed, wanted in (("SHUI", "service:water-bill"), ("SB", "service:social-insurance-enrolment-proof")):
        task = await begin(pump, samples()["home"])
        pump.tap("search")
        for letter in typed:
            pump.tap(f"letter:{letter}")
        pump.tap(wanted)
        assert await asyncio.wait_for(task, 5) == wanted


async def test_guide_unfolds_to_ten_elements_on_pages(pump: Pump) -> None:
    task = await begin(pump, samples()["guide"])
    labels = {entry.label.zh for entry in samples()["guide"].entries}
    pump.tap("all-elements")
    seen = set(describe(pump.current)["texts"])
    while any(t.touch_id == "page:next" and t.enabled for t in pump.current.surface.active_targets()):
        pump.tap("page:next")
        seen |= set(describe(pump.current)["texts"])
    assert labels <= seen
    task.cancel()


async def test_describe_places_targets_from_the_top(pump: Pump) -> None:
    task = await begin(pump, samples()["guide"])
    places = {t["id"]: t for t in describe(pump.current)["targets"]}
    assert places["lang"]["y"] < 154 < 1500 < places["primary"]["y"]
    assert places["primary"]["x"] > places["leave"]["x"] > places["back"]["x"]
    assert places["primary"]["w"] > places["back"]["w"]
    task.cancel()


async def test_describe_says_what_is_written_on_a_target_and_which_field_is_open(pump: Pump) -> None:
    task = await begin(pump, samples()["form-long"])
    seen = describe(pump.current)
    assert {t["id"]: t["label"] for t in seen["targets"]}["primary"] == form_texts.CONTINUE.zh
    assert seen["field"] is None
    pump.current.surface.body.open(samples()["form-long"].fields[-1])
    assert describe(pump.current)["field"] == samples()["form-long"].fields[-1].name
    task.cancel()


async def test_an_idle_screen_is_not_redrawn(pump: Pump) -> None:
    from kivy.core.window import Window

    task = await begin(pump, samples()["guide"])
    pump.frames(5)
    flips: list[int] = []

    def flipped(*_args: object) -> None:
        flips.append(1)

    Window.bind(on_flip=flipped)
    pump.frames(20)
    Window.unbind(on_flip=flipped)
    assert len(flips) <= 1  # the clock's minute may turn
    task.cancel()


def test_a_screen_must_have_a_question() -> None:
    with pytest.raises(ValueError):
        s.Rate(question=Text("", ""), speech=Text("", ""))


async def test_a_nervous_finger_does_not_find_the_next_screens_button(strict: Pump) -> None:
    """Where the guide has "start", the consent screen has "end": tapping on must not end the session."""
    left: list[str] = []
    strict.current.on_leave = lambda: left.append("leave")
    task = await begin(strict, samples()["guide"])
    strict.tap("primary")
    task = await begin(strict, samples()["consent"])
    leave = target(strict, "leave")
    surface = strict.current.surface
    surface._last_down = (time.monotonic(), leave.center_x + 40, leave.center_y)  # the finger is still there
    for _ in range(4):
        strict.tap("leave")
    assert left == []
    surface._last_down = (time.monotonic() - 31, leave.center_x, leave.center_y)  # it has rested
    strict.tap("leave")
    assert left == ["leave"]
    task.cancel()
