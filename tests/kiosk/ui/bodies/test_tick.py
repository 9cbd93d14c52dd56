"""What belongs together is chosen and left out together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.schema.text import Text
from kiosk import form_texts
from kiosk.service_screens import Item, Tick
from kiosk.ui.bodies.tick import flipped, with_needs
from kiosk.ui.pump import Pump
from tests.kiosk.ui.bodies.test_form import seen, tap
from tests.kiosk.ui.test_stage import begin

pytestmark = pytest.mark.ui

T = Text.same


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Item], frozenset[str]]:
    """Items with needs among themselves, also in circles, and a consistent choice."""
    names = [f"i{n}" for n in range(draw(st.integers(1, 6)))]
    items = [
        Item(
            name,
            T(name),
            fixed=draw(st.booleans()) and draw(st.booleans()),
            chosen=draw(st.booleans()),
            needs=tuple(draw(st.sets(st.sampled_from(names), max_size=2)) - {name}),
        )
        for name in names
    ]
    return items, frozenset(
        i.value for i in items if i.chosen and with_needs(items, i.value) <= {j.value for j in items if j.chosen}
    )


def consistent(items: list[Item], chosen: frozenset[str]) -> bool:
    return all(set(item.needs) <= chosen for item in items if item.value in chosen)


@given(worlds(), st.lists(st.integers(0, 5), max_size=8))
def test_after_any_touches_whatever_is_chosen_has_what_it_needs(
    world: tuple[list[Item], frozenset[str]], touches: list[int]
) -> None:
    items, chosen = world
    fixed = {item.value for item in items if item.fixed}
    for touch in touches:
        item = items[touch % len(items)]
        if item.fixed:
            continue
        after = flipped(items, chosen, item.value)
        if isinstance(after, Item):
            assert after.fixed
            continue
        assert consistent(items, after)
        assert after & fixed == chosen & fixed
        assert (item.value in after) != (item.value in chosen)
        chosen = after


ITEMS = (
    Item("licence", T("licence"), fixed=True, reason=T("no shop without one")),
    Item("food", T("food"), needs=("licence",)),
    Item("tobacco", T("tobacco"), chosen=False, needs=("licence", "food")),
    Item("fire", T("fire"), chosen=False, fixed=True, reason=T("too small")),
)


def screen(**more: object) -> Tick:
    return Tick(question=T("which?"), speech=T("which?"), items=ITEMS, confirm=T("these"), **more)


async def test_needs_come_along_and_it_is_said(pump: Pump) -> None:
    task = await begin(pump, screen())
    tap(pump, "item:food")
    assert form_texts.CHOSEN_OF.format(count=1, total=4).zh in seen(pump)
    tap(pump, "item:tobacco")
    assert form_texts.TAKEN_ALONG.format(names="food").zh in seen(pump)
    tap(pump, "item:food")
    assert form_texts.DROPPED_ALONG.format(names="tobacco").zh in seen(pump)
    tap(pump, "item:food", "primary")
    assert await task == ("licence", "food")


async def test_fixed_ones_say_why(pump: Pump) -> None:
    task = await begin(pump, screen())
    for touch_id, reason in (("item:licence", "no shop without one"), ("item:fire", "too small")):
        tap(pump, touch_id)
        assert pump.current.surface.panel is not None
        assert seen(pump).count(reason) == 2  # on the row and in the panel
        tap(pump, "panel:close")
    task.cancel()


async def test_too_few_is_explained_not_greyed(pump: Pump) -> None:
    task = await begin(pump, screen(least=3))
    tap(pump, "primary")
    assert not task.done()
    assert form_texts.TOO_FEW.format(count=3).zh in seen(pump)
    tap(pump, "panel:close", "item:tobacco", "primary")
    assert await task == ("licence", "food", "tobacco")
