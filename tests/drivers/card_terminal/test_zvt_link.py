"""The serial line's rules, byte by byte: who repeats what, and what is never repeated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers.card_terminal import zvt_apdu
from drivers.card_terminal.zvt_apdu import Command, Message, read_apdu
from drivers.card_terminal.zvt_link import SerialLink, ZvtTimings
from drivers.link.stream import LinkLost
from tests.drivers.card_terminal import golden
from tests.drivers.link.waiting import until

PAY = zvt_apdu.authorisation(1250)
PAY_FRAME = bytes.fromhex(golden.PAY_12_50[1])
INSERT_CARD = bytes.fromhex(golden.INSERT_CARD[1])
ACKNOWLEDGED = bytes.fromhex(golden.ACKNOWLEDGED[1])
ACK, NAK = b"\x06", b"\x15"


class Line:
    """A `ByteStream` whose far end is the test."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self._coming: asyncio.Queue[bytes] = asyncio.Queue()
        self._closed = False

    def say(self, data: bytes) -> None:
        self._coming.put_nowait(data)

    @property
    def connected(self) -> bool:
        return not self._closed

    async def read(self, n: int) -> bytes:
        data = await self._coming.get()
        if not data:
            raise LinkLost("connection closed")
        return data

    async def write(self, data: bytes) -> None:
        self.written.append(data)

    def drain_input(self) -> int:
        return 0

    async def wait_lost(self) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        self._closed = True
        self.say(b"")


@asynccontextmanager
async def opened(line: Line, t2: float = 20.0) -> AsyncIterator[tuple[SerialLink, list[Message]]]:
    link = SerialLink(line, "ascii", ZvtTimings(t2=t2))
    heard: list[Message] = []
    reading = asyncio.create_task(link.run(lambda received: heard.append(received.message)))
    yield link, heard
    reading.cancel()
    await asyncio.wait([reading])


async def test_ack_ends_the_sending() -> None:
    line = Line()
    async with opened(line) as (link, _):
        sending = asyncio.create_task(link.send(PAY))
        await until(lambda: line.written == [PAY_FRAME])
        assert not sending.done()
        line.say(ACK)
        await sending


async def test_nak_has_it_said_again() -> None:
    line = Line()
    async with opened(line) as (link, _):
        sending = asyncio.create_task(link.send(PAY))
        await until(lambda: len(line.written) == 1)
        line.say(NAK)
        await until(lambda: line.written == [PAY_FRAME, PAY_FRAME])
        line.say(ACK)
        await sending


@pytest.mark.parametrize(("command", "times"), [(PAY, 1), (zvt_apdu.reversal(0, 1), 1), (zvt_apdu.STATUS_ENQUIRY, 3)])
async def test_on_silence_what_moves_money_is_not_said_again(command: Command, times: int) -> None:
    """Perhaps only the ACK was lost."""
    line = Line()
    async with opened(line, t2=0.05) as (link, _):
        with pytest.raises(LinkLost):
            await link.send(command)
        assert len(line.written) == times
        assert not line.connected


async def test_a_frame_that_came_twice_is_heard_once() -> None:
    """Our ACK was lost: the terminal repeats what we are just answering."""
    line = Line()
    async with opened(line) as (link, heard):
        line.say(INSERT_CARD)
        await until(lambda: heard)
        answering = asyncio.create_task(link.send(zvt_apdu.ACKNOWLEDGED))
        await until(lambda: line.written == [ACK, ACKNOWLEDGED])
        line.say(INSERT_CARD)
        await until(lambda: line.written == [ACK, ACKNOWLEDGED, ACK])
        assert not answering.done()
        line.say(ACK)
        await answering
        assert len(heard) == 1
        line.say(INSERT_CARD)  # a new one: the terminal had our answer
        await until(lambda: len(heard) == 2)


async def test_a_new_frame_right_behind_an_ack_is_heard_although_it_is_the_same() -> None:
    """With the ACK the terminal had our answer: it does not repeat, it goes on."""
    line = Line()
    async with opened(line) as (link, heard):
        line.say(INSERT_CARD)
        await until(lambda: heard)
        answering = asyncio.create_task(link.send(zvt_apdu.ACKNOWLEDGED))
        await until(lambda: line.written == [ACK, ACKNOWLEDGED])
        line.say(ACK + INSERT_CARD)
        await answering
        await until(lambda: len(heard) == 2)


async def test_a_message_instead_of_an_ack_is_one() -> None:
    line = Line()
    async with opened(line) as (link, heard):
        sending = asyncio.create_task(link.send(PAY))
        await until(lambda: line.written)
        line.say(ACKNOWLEDGED)
        await sending
        assert len(heard) == 1


async def test_damage_is_answered_with_nak() -> None:
    line = Line()
    async with opened(line) as (_, heard):
        line.say(INSERT_CARD[:-1] + b"\x00")
        await until(lambda: line.written == [NAK])
        assert heard == []


async def test_nobody_waits_for_an_ack_on_a_line_that_is_gone() -> None:
    line = Line()
    async with opened(line) as (link, _):
        sending = asyncio.create_task(link.send(PAY))
        await until(lambda: line.written)
        line.say(b"")
        with pytest.raises(LinkLost):
            await sending


def test_a_message_is_overwritten_where_it_lay() -> None:
    frame = bytearray.fromhex(golden.STATUS[0])
    read_apdu(frame)
    assert not any(frame)
