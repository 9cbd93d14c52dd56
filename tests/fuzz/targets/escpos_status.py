"""What a receipt printer says back, in any pieces: replies, no exception, a bounded buffer, and in step again."""

from __future__ import annotations

from drivers.receipt_printer.printer_status import device_status, fault_of, only_hot
from drivers.receipt_printer.status_codec import (
    MAX_BLOCK,
    AutomaticStatus,
    Block,
    Demultiplexer,
    ProcessDone,
    RealTimeReply,
    parse_asb,
    parse_real_time,
)

SEEDS: tuple[bytes, ...] = (
    b"\x00\x12\x12\x12\x12",
    bytes.fromhex("011a321272"),
    bytes.fromhex("0310000000 38000000 18000f00"),
    bytes.fromhex("073722613162320012"),
    bytes.fromhex("025f313200125f544d2d38385600"),
    bytes.fromhex("1f111213031200ff8112"),
    b"\x05\x5f" + b"9" * 200 + b"\x00\x12",
    b"\x04\x37\x22\x37\x22\x37\x22",
    b"\x08\x10\x12\x10\x10\x00\x10",
)


def one_input(data: bytes) -> None:
    """The first byte says in what pieces the rest comes."""
    if not data:
        return
    step, rest = 1 + data[0] % 32, data[1:]
    demultiplexer = Demultiplexer()
    for at in range(0, len(rest), step):
        for reply in demultiplexer.feed(rest[at : at + step]):
            _look(reply)
        assert demultiplexer.pending <= MAX_BLOCK + 2
    # Whatever came before: after a few honest answers the next one is understood.
    assert list(demultiplexer.feed(b"\x12" * 8))[-1] == RealTimeReply(0x12)
    assert demultiplexer.pending == 0
    for n in (1, 2, 3, 4):
        parse_real_time(n, data[0])
    parse_asb(data[:4])


def _look(reply: object) -> None:
    match reply:
        case AutomaticStatus(flags):
            status = device_status(flags)
            assert not (status.ready and fault_of(flags)), "ready with a fault"
            assert not (only_hot(flags) and status.ready)
        case Block(text):
            assert text.isascii()
            assert text.isprintable()
            assert reply.number is None or reply.number >= 0
        case ProcessDone(identifier):
            assert len(identifier) == 4
