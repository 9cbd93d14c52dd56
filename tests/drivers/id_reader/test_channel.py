"""Question and answer over a scripted wire, where the order of bytes can be made as awkward as one likes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from drivers.id_reader.channel import SamChannel, answers
from drivers.id_reader.frames import Command, Reply, Sw3
from drivers.link.serial import SerialSettings
from drivers.link.stream import LinkLost, ReceiveBuffer
from tests.drivers.id_reader import golden
from tests.drivers.id_reader.conftest import TIMINGS

FIND = bytes.fromhex(golden.REQUESTS["FIND_CARD"])
SAM_ID = bytes.fromhex(golden.REQUESTS["READ_SAM_ID"])


class ScriptedWire:
    """A `ByteStream`: each request calls the next step of the script."""

    def __init__(self, script: list[tuple[bytes, Callable[[ScriptedWire], None]]]) -> None:
        self.script = script
        self.connected = True
        self.received = ReceiveBuffer()

    async def read(self, n: int) -> bytes:
        return await self.received.take(n)

    async def write(self, data: bytes) -> None:
        expected, step = self.script.pop(0)
        assert data == expected
        step(self)

    def drain_input(self) -> int:
        return self.received.drain()

    async def wait_lost(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.connected = False


def say(frame: bytes, after_s: float = 0.0) -> Callable[[ScriptedWire], None]:
    return lambda wire: asyncio.get_running_loop().call_later(after_s, wire.received.feed, frame) and None


def nothing(wire: ScriptedWire) -> None:
    pass


def channel(*script: tuple[bytes, Callable[[ScriptedWire], None]], timings: float = 1.0) -> SamChannel:
    return SamChannel(ScriptedWire(list(script)), SerialSettings("/dev/x"), TIMINGS.scaled(timings))


async def test_what_comes_before_the_sams_number_answers_nobody() -> None:
    def late_then_number(wire: ScriptedWire) -> None:
        say(golden.NO_CARD)(wire)  # to the FIND that was given up
        say(golden.SAM_NUMBER_REPLY, after_s=0.05)(wire)

    talk = channel((FIND, nothing), (SAM_ID, late_then_number), (FIND, say(golden.FOUND, 0.1)), timings=0.5)
    assert await talk.ask(Command.FIND_CARD) is None
    reply = await talk.ask(Command.FIND_CARD)
    assert reply is not None
    assert reply.status == Sw3.CARD_FOUND


async def test_a_cancelled_question_is_cleared_away_before_the_next() -> None:
    talk = channel(
        (FIND, say(golden.NO_CARD, 0.1)), (SAM_ID, say(golden.SAM_NUMBER_REPLY, 0.2)), (FIND, say(golden.FOUND))
    )
    asking = asyncio.create_task(talk.ask(Command.FIND_CARD))
    await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    reply = await talk.ask(Command.FIND_CARD)
    assert reply is not None
    assert reply.status == Sw3.CARD_FOUND


async def test_silence_closes_the_stream() -> None:
    talk = channel((FIND, nothing), (SAM_ID, nothing), (SAM_ID, nothing), timings=0.05)
    with pytest.raises(LinkLost, match="silent"):
        await talk.ask(Command.FIND_CARD)
    assert not talk.alive


async def test_the_time_out_is_the_commands_own() -> None:
    slow = replace(TIMINGS, find_card=0.05, read_sam_id=5.0)
    wire = ScriptedWire([(FIND, nothing), (SAM_ID, say(golden.SAM_NUMBER_REPLY, 0.1))])
    assert await SamChannel(wire, SerialSettings("/dev/x"), slow).ask(Command.FIND_CARD) is None
    assert not wire.script


@pytest.mark.parametrize("command", Command)
def test_replies_are_told_apart_by_shape(command: Command) -> None:
    shapes = {
        "plain": Reply(0, 0, 0x90),
        "found": Reply(0, 0, 0x9F, bytes(4)),
        "none": Reply(0, 0, 0x80),
        "selected": Reply(0, 0, 0x90, bytes(8)),
        "not selected": Reply(0, 0, 0x81),
        "number": Reply(0, 0, 0x90, bytes(16)),
        "card": Reply(0, 0, 0x90, bytes(1284)),
        "address": Reply(0, 0, 0x90, bytes(70)),
        "not read": Reply(0, 0, 0x41),
        "self-test": Reply(0, 0, 0x60),
        "request damaged": Reply(0, 0, 0x10),
    }
    expected = {
        Command.READ_SAM_ID: {"number"},
        Command.FIND_CARD: {"found", "none"},
        Command.SELECT_CARD: {"selected", "not selected", "not read"},
        Command.READ_CARD: {"card", "not read"},
        Command.READ_CARD_WITH_FINGERPRINT: {"card", "not read"},
        Command.READ_NEW_ADDRESS: {"address", "not read"},
    }.get(command, {"plain"}) | {"self-test", "request damaged"}
    assert {name for name, reply in shapes.items() if answers(command, reply)} == expected
