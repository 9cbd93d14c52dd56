"""A page of a form, filled in by touch and by the keypad."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from content.schema.text import Language, Text
from kiosk import form_texts
from kiosk.keys import Key, KeyPress
from kiosk.screens import Nav
from kiosk.service_screens import FieldKind, Filled, Form, FormEntry, SaveAndLeave
from kiosk.ui.pump import Pump
from kiosk.ui.samples import samples
from kiosk.ui.theme import Prefs
from tests.kiosk.ui.test_stage import begin

pytestmark = pytest.mark.ui

T = Text.same


def form(*fields: FormEntry, **more: Any) -> Form:
    return Form(question=T("form"), speech=T("form"), fields=fields, **more)


def tap(pump: Pump, *touch_ids: str) -> None:
    for touch_id in touch_ids:
        pump.tap(touch_id)


def write(pump: Pump, digits: str) -> None:
    tap(pump, *(f"key:{digit}" for digit in digits))


def seen(pump: Pump) -> list[str]:
    return [block.text for board in pump.current.surface.visible_boards() for block in board.texts()]


def touchable(pump: Pump) -> list[Any]:
    return [t for t in pump.current.surface.active_targets() if t.tap is not None]


def ids(pump: Pump) -> set[str]:
    return {t.touch_id for t in touchable(pump)}


PHONE = FormEntry("phone", FieldKind.PHONE, T("phone"))
DATE = FormEntry("since", FieldKind.DATE, T("since"))
NAME = FormEntry("name", FieldKind.TEXT, T("name"), max_length=6)
NOTE = FormEntry("note", FieldKind.TEXT, T("note"), required=False, keyboard="letters")
LOCKED = FormEntry(
    "card", FieldKind.TEXT, T("card"), "张示范", source=Text("来自身份证", "from your card"), locked=True
)


async def test_the_sample_is_filled_in_by_touch(pump: Pump) -> None:
    task = await begin(pump, samples()["form"])
    tap(pump, "field:phone")
    write(pump, "13800000000")
    tap(pump, "primary")  # to the next that is empty: the date
    write(pump, "20240305")
    tap(pump, "primary", "choice:work", "primary")
    assert form_texts.ALL_FILLED.zh in seen(pump)
    tap(pump, "primary")
    answer = await task
    assert isinstance(answer, Filled)
    assert answer.values["phone"] == "13800000000"
    assert answer.values["since"] == "2024-03-05"
    assert answer.values["reason"] == "work"
    assert answer.values["number"] == "519999199001010017"  # seen, not changed, handed on


async def test_touched_too_early_continue_leads_to_the_first_wrong_field_and_says_why(pump: Pump) -> None:
    task = await begin(pump, form(LOCKED, DATE, PHONE))
    tap(pump, "primary")
    assert not task.done()
    assert pump.current.surface.state["field"] == "since"
    assert form_texts.EMPTY.zh in seen(pump)
    tap(pump, "back")
    assert seen(pump).count(form_texts.EMPTY.zh) == 2  # now both rows say it
    task.cancel()


async def test_a_wrong_value_says_so_as_it_is_typed_and_is_not_gone_past(pump: Pump) -> None:
    said = T("not this one")
    wrong = form(PHONE, DATE, check=lambda name, values: said if values["phone"] == "13900000000" else None)
    task = await begin(pump, wrong)
    tap(pump, "field:phone")
    write(pump, "1390000000")
    assert said.zh not in seen(pump)
    write(pump, "0")
    assert said.zh in seen(pump)
    tap(pump, "primary")
    assert pump.current.surface.state["field"] == "phone"
    tap(pump, "key:delete")
    write(pump, "1")
    assert said.zh not in seen(pump)
    tap(pump, "primary")
    assert pump.current.surface.state["field"] == "since"
    task.cancel()


async def test_nothing_is_said_against_a_number_still_being_typed(pump: Pump) -> None:
    said = T("twelve digits, as on the bill")
    account = FormEntry("account", FieldKind.DIGITS, T("account"), max_length=12)
    task = await begin(pump, form(account, check=lambda name, values: said if values[name] != "1" * 12 else None))
    tap(pump, "field:account")
    write(pump, "1" * 11)
    assert said.zh not in seen(pump)
    tap(pump, "primary")
    assert said.zh in seen(pump)
    write(pump, "1")
    assert said.zh not in seen(pump)
    tap(pump, "primary", "primary")
    assert (await task).values == {"account": "1" * 12}


async def test_half_a_number_is_no_answer(pump: Pump) -> None:
    task = await begin(pump, form(PHONE))
    tap(pump, "field:phone")
    write(pump, "138")
    tap(pump, "primary", "back")
    assert form_texts.UNFINISHED.format(count=8).zh in seen(pump)
    tap(pump, "primary")
    assert not task.done()
    task.cancel()


async def test_back_leaves_the_field_then_the_page(pump: Pump) -> None:
    task = await begin(pump, form(PHONE))
    tap(pump, "field:phone")
    write(pump, "138")
    tap(pump, "back")
    assert not task.done()
    assert "138" in seen(pump)
    tap(pump, "back")
    assert await task is Nav.BACK


async def test_a_locked_field_says_why(pump: Pump) -> None:
    task = await begin(pump, form(LOCKED))
    tap(pump, "field:card")
    assert any("来自身份证" in text and "12345" in text for text in seen(pump))
    tap(pump, "panel:close", "primary")
    assert (await task).values == {"card": "张示范"}


async def test_saved_for_later_as_it_is(pump: Pump) -> None:
    task = await begin(pump, form(PHONE, DATE, can_save=True))
    tap(pump, "field:phone")
    write(pump, "138")
    tap(pump, "back", "save")
    assert await task == SaveAndLeave({"phone": "138", "since": ""})


async def test_a_name_in_pinyin(pump: Pump) -> None:
    task = await begin(pump, form(NAME))
    tap(pump, "field:name")
    for letter in "ZHANGSHIFAN":
        tap(pump, f"letter:{letter}")
    assert any(text.startswith("zhang shi fan") for text in seen(pump))
    first = next(t for t in pump.current.surface.active_targets() if t.touch_id == "pick:0")
    assert first.tap is not None
    tap(pump, "pick:0", "primary", "primary")
    assert (await task).values == {"name": "张示范"}


async def test_candidates_on_the_next_page(pump: Pump) -> None:
    task = await begin(pump, form(NAME))
    tap(pump, "field:name", "letter:Y", "letter:I")
    before = seen(pump)
    assert "pick:prev" not in ids(pump)
    tap(pump, "pick:next")
    assert seen(pump) != before
    tap(pump, "pick:prev")
    assert seen(pump) == before
    tap(pump, "pick:next", "pick:1", "primary", "primary")
    assert len((await task).values["name"]) == 1


async def test_letters_figures_and_signs(pump: Pump) -> None:
    task = await begin(pump, form(NOTE))
    tap(pump, "field:note", "letter:case", "letter:A", "keys:numbers", "key:7", "letter:@", "letter:space", "key:1")
    tap(pump, "keys:letters", "letter:B", "letter:delete", "primary", "primary")
    assert (await task).values == {"note": "a7@ 1"}


async def test_the_keypad_types_and_goes_on(pump: Pump) -> None:
    task = await begin(pump, form(PHONE, DATE))
    tap(pump, "field:phone")
    for key in "13800000001":
        pump.current.press(KeyPress(Key(key), False))
    pump.current.press(KeyPress(Key.DELETE, False))
    pump.current.press(KeyPress(Key("0"), False))
    pump.current.press(KeyPress(Key.CONFIRM, False))
    assert pump.current.surface.state["field"] == "since"
    pump.current.press(KeyPress(Key.CONFIRM, False))  # a finger that trembles goes nowhere from here
    assert pump.current.surface.state["field"] == "since"
    assert pump.current.surface.state["values"]["phone"] == "13800000000"
    task.cancel()


async def test_a_change_of_language_or_type_loses_nothing(pump: Pump) -> None:
    task = await begin(pump, form(NAME, PHONE))
    tap(pump, "field:name", "letter:N", "letter:I")
    pump.current.surface.set_prefs(Prefs(language=Language.EN, large=True, low_reach=True))
    assert any(text.startswith("ni") for text in seen(pump))
    tap(pump, "pick:0", "back")
    assert "你" in seen(pump)
    task.cancel()


async def test_private_values_are_dots_until_touched(pump: Pump) -> None:
    secret = FormEntry("account", FieldKind.DIGITS, T("account"), "62220212", private=True, max_length=19)
    task = await begin(pump, form(secret))
    assert not any("6222" in text.replace(" ", "") for text in seen(pump))
    tap(pump, "field:account")
    assert [text for text in seen(pump) if text.isdigit()][:8] == list("62220212")
    task.cancel()


async def test_a_corrected_value_no_longer_claims_its_source(pump: Pump) -> None:
    source = Text("来自公安人口信息", "from the register")
    task = await begin(pump, form(FormEntry("name", FieldKind.TEXT, T("name"), "李样本", source=source)))
    assert source.zh in seen(pump)
    tap(pump, "field:name", "letter:delete", "back")
    assert source.zh not in seen(pump)
    task.cancel()


async def test_a_statement_is_agreed_to_in_its_editor(pump: Pump) -> None:
    statement = FormEntry("promise", FieldKind.STATEMENT, T("promise"), statement=T("I promise."))
    task = await begin(pump, form(statement))
    tap(pump, "primary")
    assert form_texts.NOT_AGREED.zh not in seen(pump)  # nobody has read it yet: no reproach
    tap(pump, "primary", "primary")
    assert form_texts.NOT_AGREED.zh in seen(pump)
    tap(pump, "agree", "agree", "primary")
    assert pump.current.surface.state["field"] == "promise"  # taken back: not gone past
    tap(pump, "agree", "primary", "primary")
    assert (await task).values == {"promise": "yes"}


async def test_several_choices_keep_their_order(pump: Pump) -> None:
    task = await begin(pump, samples()["form-long"])
    pump.current.surface.body.open(next(f for f in samples()["form-long"].fields if f.name == "goods"))
    tap(pump, "choice:daily", "choice:food", "choice:milk", "choice:milk")
    assert pump.current.surface.state["values"]["goods"] == "food daily"
    task.cancel()


async def test_a_finger_that_taps_twice_opens_a_field_and_types_nothing(strict: Pump) -> None:
    from kivy.tests.common import UnitTestTouch

    task = await begin(strict, form(LOCKED, *(replace(PHONE, name=f"phone{n}") for n in range(5))))
    surface = strict.current.surface
    surface.body.open(surface.screen.fields[1])
    keys = [t for t in touchable(strict) if t.touch_id.startswith("key:")]
    surface.body.close()
    rows = [t for t in touchable(strict) if t.touch_id.startswith("field:phone")]
    row, key = next((r, k) for r in rows for k in keys if r.collide_widget(k))
    x, y = (max(row.x, key.x) + min(row.right, key.right)) / 2, (max(row.y, key.y) + min(row.top, key.top)) / 2
    for _ in range(2):
        touch = UnitTestTouch(x, y)
        touch.touch_down()
        touch.touch_up()
    assert f"field:{surface.state['field']}" == row.touch_id
    assert set(surface.body.values.values()) == {"张示范", ""}
    task.cancel()


async def test_new_content_of_the_same_page_keeps_what_was_typed(pump: Pump) -> None:
    task = await begin(pump, form(PHONE, DATE))
    tap(pump, "field:phone")
    write(pump, "138")
    pump.current.show(form(PHONE, DATE, note=T("the register answers again")))
    await asyncio.sleep(0)
    assert pump.current.surface.body.values["phone"] == "138"
    task.cancel()


async def test_keys_stand_still_while_one_writes(pump: Pump) -> None:
    """A finger finds the next key where it was, whatever is said above."""
    said = T("a fault that takes more than one line to be told about, because it is so long, and longer still")
    task = await begin(pump, form(PHONE, NAME, check=lambda name, values: said if values["phone"] else None))
    for field, keys in (("phone", ["key:1", "key:3", "key:8"]), ("name", ["letter:N", "letter:I", "pick:0"])):
        tap(pump, f"field:{field}")
        places = set()
        for key in keys:
            tap(pump, key)
            places.add(
                tuple(
                    sorted(
                        (t.touch_id, t.x, t.y, t.width)
                        for t in pump.current.surface.active_targets()
                        if t.touch_id.startswith(("key:", "letter:", "keys:"))
                    )
                )
            )
        assert len(places) == 1, field
        tap(pump, "back")
    task.cancel()
