"""What the supply's words mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cabinet.port import Mains
from drivers.cabinet.power_policy import PowerPolicy, PowerTimings, Supply, read_supply

TIMINGS = PowerTimings(on_battery_after=10, silent_after=10, battery_outlasts=1800)


def says(words: str) -> Supply:
    return read_supply({"ups.status": words})


@pytest.mark.parametrize(
    ("words", "mains"),
    [
        ("OL", Mains.ONLINE),
        ("OL CHRG", Mains.ONLINE),
        ("OL CHRG LB", Mains.ONLINE),
        ("OL TRIM", Mains.ONLINE),
        ("OL BOOST OVER", Mains.ONLINE),
        ("OL BYPASS", Mains.ONLINE),
        ("OB", Mains.ONLINE),  # not yet told
        ("OB DISCHRG LB", Mains.BATTERY_LOW),
        ("LB", Mains.BATTERY_LOW),
        ("FSD OL", Mains.BATTERY_LOW),
    ],
)
def test_at_first_hearing(words: str, mains: Mains) -> None:
    assert PowerPolicy(TIMINGS).heard(says(words), 0).mains is mains


@pytest.mark.parametrize("words", ["", "WAIT", "OFF", "CAL", "rubbish"])
def test_words_that_say_nothing_of_the_mains(words: str) -> None:
    assert not says(words).says_something


def test_on_battery_after_ten_seconds_and_back_at_once() -> None:
    policy = PowerPolicy(TIMINGS)
    assert [policy.heard(says("OB"), now).mains for now in (0, 5, 9.9)] == [Mains.ONLINE] * 3
    assert policy.heard(says("OB"), 10).mains is Mains.ON_BATTERY
    assert policy.heard(says("OL"), 11).mains is Mains.ONLINE
    assert policy.heard(says("OB"), 12).mains is Mains.ONLINE, "a new failure, a new patience"
    assert policy.failures == 2


def test_a_battery_that_recovers_has_not_brought_the_mains_back() -> None:
    policy = PowerPolicy(TIMINGS)
    assert policy.heard(says("OB LB"), 0).mains is Mains.BATTERY_LOW
    assert policy.heard(says("OB"), 1).mains is Mains.ON_BATTERY


def test_silence_says_nothing_for_a_moment() -> None:
    policy = PowerPolicy(TIMINGS)
    policy.heard(says("OL"), 0)
    assert policy.silent(2).mains is Mains.ONLINE
    assert policy.silent(11.9).mains is Mains.ONLINE
    assert policy.silent(12).mains is Mains.UNKNOWN
    assert policy.heard(says("OL"), 13).mains is Mains.ONLINE


def test_silence_in_a_failure_lasts_as_long_as_a_battery() -> None:
    policy = PowerPolicy(TIMINGS)
    policy.heard(says("OB"), 0)
    policy.heard(says("OB"), 10)
    assert policy.silent(11).mains is Mains.ON_BATTERY
    assert policy.silent(1800).mains is Mains.ON_BATTERY
    assert policy.silent(1811).mains is Mains.UNKNOWN, "we still run: the mains must have come back"


def test_an_identity_can_be_printed() -> None:
    supply = read_supply({"ups.mfr": "A\x1b[31mB", "ups.model": "C\nD\x00"})
    assert supply.identity == "A [31mB C D"


def test_numbers_that_are_none() -> None:
    for text in ("", "nan", "inf", "-3", "1e300", "full", "٣x"):
        supply = read_supply({"ups.status": "OL", "battery.charge": text, "battery.runtime": text})
        assert (supply.battery_percent, supply.runtime_s) == (None, None), text
    supply = read_supply({"battery.charge": "100.4", "battery.runtime": "1799.6"})
    assert (supply.battery_percent, supply.runtime_s) == (100, 1800)
    assert read_supply({"battery.charge": "250"}).battery_percent == 100


WORDS = st.lists(st.sampled_from(["OL", "OB", "LB", "FSD", "CHRG", "DISCHRG", "RB", "OVER"]), min_size=1, max_size=4)


@given(st.lists(st.tuples(st.one_of(st.none(), WORDS), st.floats(0.1, 30)), max_size=40))
def test_rules_that_always_hold(story: list[tuple[list[str] | None, float]]) -> None:
    policy, now = PowerPolicy(TIMINGS), 0.0
    for words, pause in story:
        now += pause
        if words is None:
            policy.silent(now)
            continue
        supply = says(" ".join(words))
        if not supply.says_something:
            policy.silent(now)
            continue
        mains = policy.heard(supply, now).mains
        assert (mains is Mains.BATTERY_LOW) == ("FSD" in words or ("LB" in words and "OL" not in words))
        if "OL" in words and "FSD" not in words:
            assert mains is Mains.ONLINE
        assert mains is not Mains.UNKNOWN
