"""Contacts bounce."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers.cabinet.debounce import Settled, Stretched

EDGES = st.lists(st.tuples(st.booleans(), st.floats(0.0005, 0.2)), max_size=60)


def test_a_door_that_bounces_opens_once() -> None:
    door = Settled(0.03)
    door.feed(False, 0)
    told = []
    for step in range(9):  # 9 edges, 5 ms apart, ending open
        door.feed(step % 2 == 0, 1 + step * 0.005)
        told.append(door.active)
    assert told == [False] * 9
    due = door.due()
    assert due is not None
    assert abs(due - (1 + 8 * 0.005 + 0.03)) < 1e-9
    door.look(due - 0.001)
    assert door.active is False
    door.look(due)
    assert door.active is True
    assert door.due() is None


def test_a_short_pulse_is_nothing() -> None:
    door = Settled(0.03)
    for level, at in ((False, 0), (True, 1), (False, 1.02)):
        door.feed(level, at)
    door.look(5)
    assert door.active is False


def test_the_first_reading_counts_at_once() -> None:
    door = Settled(0.03)
    assert door.active is None
    door.feed(True, 0)
    assert door.active is True


@given(EDGES)
def test_settled_follows_what_holds(edges: list[tuple[bool, float]]) -> None:
    contact, now, last = Settled(0.03), 0.0, False
    contact.feed(last, now)
    for level, pause in edges:
        now += pause
        contact.feed(level, now)
        last = level
    contact.look(now + 1)
    assert contact.active is last


@given(EDGES)
def test_settled_never_changes_faster_than_it_may(edges: list[tuple[bool, float]]) -> None:
    contact, now, changed_at = Settled(0.03), 0.0, -1.0
    contact.feed(False, now)
    before = contact.active
    for level, pause in edges:
        now += pause
        contact.feed(level, now)
        if contact.active is not before:
            assert now - changed_at >= 0.03
            changed_at, before = now, contact.active


def test_one_pulse_shakes_for_a_while() -> None:
    sensor = Stretched(2.0)
    sensor.feed(False, 0)
    assert sensor.active is False
    sensor.feed(True, 1)
    sensor.feed(False, 1.0001)
    assert sensor.active is True
    due = sensor.due()
    assert due is not None
    assert abs(due - 3.0001) < 1e-9
    sensor.feed(True, 2.5)
    sensor.feed(False, 2.5001)
    sensor.look(3.1)
    assert sensor.active is True, "shaken again meanwhile"
    sensor.look(4.6)
    assert sensor.active is False


def test_a_contact_that_stays_open_shakes_for_ever() -> None:
    sensor = Stretched(2.0)
    sensor.feed(True, 0)
    sensor.look(1000)
    assert sensor.active is True
    assert sensor.due() is None
