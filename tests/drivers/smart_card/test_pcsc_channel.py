"""Time-outs of a channel whose worker is still busy with what nobody waits for any more."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from drivers.link.stream import LinkLost, ReceiveBuffer
from drivers.smart_card.messages import Answer, Do, Question
from drivers.smart_card.pcsc_channel import PcscChannel, PcscTimings, WorkerStream

TIMINGS = replace(PcscTimings(), worker_start=20.0, scard_connect=20.0, scard_list_readers=0.05)


class FakeWorker:
    """Answers nothing by itself."""

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.connected = True
        self.exit_code: int | None = None
        self._received = ReceiveBuffer()

    async def write(self, data: bytes) -> None:
        self.asked.append(Question.from_bytes(data))

    async def read(self, n: int) -> bytes:
        return await self._received.take(n)

    async def close(self) -> None:
        self.connected = False
        self._received.end()

    def answer_all(self) -> None:
        while self.asked:
            self._received.feed(Answer(self.asked.pop(0).number).to_bytes())


async def warm(worker: FakeWorker, timings: PcscTimings) -> PcscChannel:
    """A channel whose worker has answered once, so that its start gets no more patience."""
    channel = PcscChannel(cast(WorkerStream, worker), timings)
    first = asyncio.create_task(channel.ask(Do.READERS))
    await asyncio.sleep(0)
    worker.answer_all()
    await first
    return channel


async def abandon(channel: PcscChannel) -> None:
    call = asyncio.create_task(channel.ask(Do.CONNECT, reader="x"))
    await asyncio.sleep(0.01)
    call.cancel()
    await asyncio.wait([call])


async def test_a_call_that_was_given_up_may_still_take_its_time() -> None:
    worker = FakeWorker()
    channel = await warm(worker, TIMINGS)
    await abandon(channel)
    asking = asyncio.create_task(channel.ask(Do.READERS))
    done, _ = await asyncio.wait([asking], timeout=0.5)
    assert not done, "the card is still being powered up: no reason to end the worker"
    worker.answer_all()
    assert (await asking).number == 3
    assert channel.alive


async def test_but_no_longer_than_it_may() -> None:
    worker = FakeWorker()
    channel = await warm(worker, replace(TIMINGS, scard_connect=0.1))
    await abandon(channel)
    with pytest.raises(LinkLost, match="SCardListReaders"):
        async with asyncio.timeout(15):
            await channel.ask(Do.READERS)
    assert not channel.alive


async def test_and_once_it_is_answered_the_usual_limit_counts() -> None:
    worker = FakeWorker()
    channel = await warm(worker, TIMINGS)
    await abandon(channel)
    asking = asyncio.create_task(channel.ask(Do.READERS))
    await asyncio.sleep(0.01)
    worker.answer_all()
    await asking
    with pytest.raises(LinkLost, match="SCardListReaders"):
        async with asyncio.timeout(15):
            await channel.ask(Do.READERS)
