"""What polls and set-ups mean."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers.cash.ssp_messages import Channel, Event, PollEvent, PollReply, Setup, inhibit_mask, reject_reason

OLD = bytes.fromhex("00 30333330 434E59 000001 03 05 0A 14 02 02 02 000064 04")


def test_events_in_order_with_their_channels() -> None:
    reply = PollReply.from_data(bytes.fromhex("CC EE 03 EB EF 00 E8"))
    assert reply == PollReply(
        (
            PollEvent(Event.STACKING),
            PollEvent(Event.CREDIT, 3),
            PollEvent(Event.STACKED),
            PollEvent(Event.READ, 0),
            PollEvent(Event.DISABLED),
        )
    )


def test_an_event_of_a_payout_stops_the_reading_and_keeps_what_came_before() -> None:
    """Its amount contains EE 03, which must not become a credit."""
    reply = PollReply.from_data(bytes.fromhex("EE 01 DA 01 EE 03 00 00"))
    assert reply == PollReply((PollEvent(Event.CREDIT, 1),), 0xDA)


def test_a_credit_without_its_channel_is_none() -> None:
    assert PollReply.from_data(b"\xcc\xee") == PollReply((PollEvent(Event.STACKING),), 0xEE)


def test_setup_before_protocol_6() -> None:
    setup = Setup.from_data(OLD)
    assert setup is not None
    assert (setup.unit_type, setup.firmware, setup.country, setup.protocol) == (0, "0330", "CNY", 4)
    assert setup.channels == (Channel(1, 500, "CNY"), Channel(2, 1000, "CNY"), Channel(3, 2000, "CNY"))


def test_the_value_multiplier_of_old_units() -> None:
    """100 yuan as 1 times 100."""
    setup = Setup.from_data(bytes.fromhex("00 30333330 434E59 000064 01 01 02 000064 04"))
    assert setup is not None
    assert setup.channels == (Channel(1, 10000, "CNY"),)


def test_setup_from_protocol_6_on() -> None:
    more = "434E59 484B44 434E59 01000000 0A000000 64000000"
    setup = Setup.from_data(OLD[:-1] + b"\x06" + bytes.fromhex(more))
    assert setup is not None
    assert setup.channels == (Channel(1, 100, "CNY"), Channel(2, 1000, "HKD"), Channel(3, 10000, "CNY"))


def test_setups_that_do_not_add_up() -> None:
    for cut in range(len(OLD)):
        assert Setup.from_data(OLD[:cut]) is None
    assert Setup.from_data(b"\x03" + OLD[1:]) is None, "a coin hopper"
    assert Setup.from_data(OLD[:-1] + b"\x06") is None, "the tables of protocol 6 are missing"
    assert Setup.from_data(OLD[:11] + b"\x00" + OLD[12:]) is None, "no channel"


def test_inhibits_are_bits_of_accepted_channels() -> None:
    assert inhibit_mask(frozenset(range(1, 17))) == b"\xff\xff"
    assert inhibit_mask(frozenset({1, 3, 9})) == b"\x05\x01"
    assert inhibit_mask(frozenset()) == b"\x00\x00"


def test_reasons() -> None:
    assert reject_reason(0x06) == "channel inhibited"
    assert reject_reason(0x03) == "not recognised"
    assert reject_reason(0x77) == "code 77"


@given(st.binary(max_size=300))
def test_nothing_else_is_raised(data: bytes) -> None:
    PollReply.from_data(data)
    Setup.from_data(data)
