"""Status bytes as the manuals give them, and against anything at all."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.receipt_printer.port import ReceiptOutcome
from drivers.receipt_printer.printer_status import device_status, fault_of
from drivers.receipt_printer.status_codec import (
    AutomaticStatus,
    Block,
    BufferedReply,
    Demultiplexer,
    Flag,
    FlowControl,
    PrinterId,
    ProcessDone,
    RealTimeReply,
    Reply,
    automatic_status_request,
    counter_request,
    identity_request,
    parse_asb,
    parse_real_time,
    process_id_request,
    status_request,
)
from drivers.status import DeviceState, SupplyState


def test_requests() -> None:
    assert [status_request(n) for n in (1, 2, 3, 4)] == [bytes((0x10, 0x04, n)) for n in (1, 2, 3, 4)]
    assert process_id_request(b"a1b2") == bytes.fromhex("1d284806003030") + b"a1b2"
    assert counter_request(50) == bytes.fromhex("1d6732003200")
    assert automatic_status_request(0x0F) == bytes.fromhex("1d610f")
    assert automatic_status_request(0) == bytes.fromhex("1d6100")
    assert identity_request(PrinterId.MODEL) == bytes.fromhex("1d4943")
    with pytest.raises(ValueError, match="ASCII"):
        process_id_request(b"\x10\x04\x01\x00")


@pytest.mark.parametrize(
    ("n", "byte", "flags"),
    [
        (1, 0x12, set()),
        (1, 0x1A, {Flag.OFFLINE}),
        (2, 0x16, {Flag.COVER_OPEN}),
        (2, 0x32, {Flag.STOPPED_PAPER_END}),
        (3, 0x1A, {Flag.CUTTER_ERROR}),
        (3, 0x32, {Flag.UNRECOVERABLE_ERROR}),
        (3, 0x52, {Flag.OVERHEATED}),
        (4, 0x1E, {Flag.PAPER_NEAR_END}),
        (4, 0x72, {Flag.PAPER_END}),
        (4, 0x7E, {Flag.PAPER_NEAR_END, Flag.PAPER_END}),
    ],
)
def test_real_time_status(n: int, byte: int, flags: set[Flag]) -> None:
    assert parse_real_time(n, byte) == frozenset(flags)


@pytest.mark.parametrize("byte", [0x00, 0x10, 0x11, 0x13, 0x92, 0xFF])
def test_not_a_real_time_status(byte: int) -> None:
    assert parse_real_time(2, byte) is None


@pytest.mark.parametrize(
    ("frame", "flags"),
    [
        ("10000000", set()),
        ("38000000", {Flag.OFFLINE, Flag.COVER_OPEN}),
        ("18000f00", {Flag.OFFLINE, Flag.PAPER_NEAR_END, Flag.PAPER_END}),
        ("18080000", {Flag.OFFLINE, Flag.CUTTER_ERROR}),
    ],
)
def test_automatic_status(frame: str, flags: set[Flag]) -> None:
    assert parse_asb(bytes.fromhex(frame)) == frozenset(flags)


@pytest.mark.parametrize("frame", ["", "100000", "12000000", "10900000", "10008000"])
def test_not_an_automatic_status(frame: str) -> None:
    assert parse_asb(bytes.fromhex(frame)) is None


def test_worked_exchange_paper_end() -> None:
    replies = zip((1, 2, 3, 4), (0x1A, 0x32, 0x12, 0x72), strict=True)
    flags = frozenset().union(*(parse_real_time(n, byte) or frozenset() for n, byte in replies))
    status = device_status(flags)
    assert status.supplies == {"paper": SupplyState.OUT}
    assert not status.ready
    assert fault_of(flags) is ReceiptOutcome.PAPER_OUT


@pytest.mark.parametrize(
    ("flags", "outcome", "device"),
    [
        ({Flag.OFFLINE, Flag.COVER_OPEN, Flag.PAPER_END}, ReceiptOutcome.COVER_OPEN, DeviceState.USER_ERROR),
        ({Flag.OFFLINE, Flag.ERROR, Flag.CUTTER_ERROR}, ReceiptOutcome.CUTTER_ERROR, DeviceState.HARDWARE_ERROR),
        ({Flag.ERROR, Flag.OVERHEATED}, ReceiptOutcome.HARDWARE_ERROR, DeviceState.BUSY),
        ({Flag.ERROR}, ReceiptOutcome.HARDWARE_ERROR, DeviceState.HARDWARE_ERROR),
        ({Flag.OFFLINE}, ReceiptOutcome.OFFLINE, DeviceState.OFFLINE),
    ],
)
def test_faults(flags: set[Flag], outcome: ReceiptOutcome, device: DeviceState) -> None:
    assert fault_of(frozenset(flags)) is outcome
    status = device_status(frozenset(flags))
    assert status.device is device
    assert not status.ready


def test_near_end_still_prints() -> None:
    flags = frozenset({Flag.PAPER_NEAR_END})
    assert fault_of(flags) is None
    assert device_status(flags).ready
    assert device_status(flags).supplies == {"paper": SupplyState.LOW}


MIXED = bytes.fromhex("11 12 10000000 1a 3722 61316232 00 13 5f 3132 00 18000f00 03 5f 544d2d383856 00 12")
REPLIES: list[Reply] = [
    FlowControl(True),
    RealTimeReply(0x12),
    AutomaticStatus(frozenset()),
    RealTimeReply(0x1A),
    ProcessDone(b"a1b2"),
    FlowControl(False),
    Block("12"),
    AutomaticStatus(frozenset({Flag.OFFLINE, Flag.PAPER_END, Flag.PAPER_NEAR_END})),
    BufferedReply(0x03),
    Block("TM-88V"),
    RealTimeReply(0x12),
]


@given(st.sets(st.integers(1, len(MIXED) - 1)))
def test_mixed_replies_however_they_are_split(cuts: set[int]) -> None:
    demultiplexer, edges = Demultiplexer(), [0, *sorted(cuts), len(MIXED)]
    pieces = [MIXED[a:b] for a, b in itertools.pairwise(edges)]
    assert [reply for piece in pieces for reply in demultiplexer.feed(piece)] == REPLIES


@given(st.lists(st.binary(max_size=20), max_size=10))
def test_noise_is_survived_and_recovered_from(noise: list[bytes]) -> None:
    demultiplexer = Demultiplexer()
    for piece in noise:
        for reply in demultiplexer.feed(piece):
            assert isinstance(reply, Reply)
        assert demultiplexer.pending <= 82
    # A frame begun by the noise may swallow a few bytes; then the line is in step again.
    assert list(demultiplexer.feed(b"\x12" * 24))[-1] == RealTimeReply(0x12)


def test_numbers_of_counters() -> None:
    assert Block("0042").number == 42
    assert Block("TM-88V").number is None


@given(st.integers(1, 4), st.integers(0, 255))
def test_any_byte_is_flags_or_none(n: int, byte: int) -> None:
    flags = parse_real_time(n, byte)
    assert (flags is None) == (byte & 0x93 != 0x12)
