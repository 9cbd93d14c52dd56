"""Losing a device and getting it back, by name."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from drivers.link.serial import SerialSettings, SerialStream, open_serial
from drivers.link.stream import LinkLost
from drivers.link.supervise import Backoff, supervise
from drivers.virtual.pty import VirtualPty
from tests.drivers.link.waiting import PATIENCE_S, until

QUICK = Backoff(first_s=0.01, most_s=0.05)


def test_pauses_grow_to_a_limit() -> None:
    backoff = Backoff(first_s=0.5, most_s=3.0)
    assert [backoff.after(n) for n in (1, 2, 3, 4, 5, 100_000)] == [0.5, 1.0, 2.0, 3.0, 3.0, 3.0]


def test_a_pause_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="back-off"):
        Backoff(first_s=0)


async def test_it_reopens_by_name_although_the_terminal_is_another(tmp_path: Path) -> None:
    pty = VirtualPty(tmp_path / "dev" / "reader")
    greeted: asyncio.Queue[bytes] = asyncio.Queue()
    losses: list[LinkLost] = []

    async def session(stream: SerialStream) -> None:
        greeted.put_nowait(await stream.read(5))
        await stream.wait_lost()

    task = asyncio.create_task(
        supervise("reader", lambda: open_serial(SerialSettings(str(pty.path))), session, losses.append, QUICK)
    )
    try:
        await until(lambda: losses)  # absent at first
        pty.plug()
        first_tty = pty.tty
        await greet(pty, greeted)
        count = len(losses)
        pty.unplug()
        await until(lambda: len(losses) > count)
        decoy = os.openpty()  # takes the number that was freed
        pty.replug()
        assert pty.tty != first_tty
        await greet(pty, greeted)
        os.close(decoy[0])
        os.close(decoy[1])
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        pty.unplug()


async def greet(pty: VirtualPty, greeted: asyncio.Queue[bytes]) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while (
        asyncio.get_running_loop().time() < deadline
    ):  # what is sent before the host has opened the line is flushed by its opening
        await pty.send(b"hello")
        try:
            assert await asyncio.wait_for(greeted.get(), 0.2) == b"hello"
        except TimeoutError:
            continue
        return
    raise AssertionError("the session never heard the device")


async def test_a_session_that_gives_up_gets_a_new_connection(tmp_path: Path) -> None:
    pty = VirtualPty(tmp_path / "thing")
    pty.plug()
    sessions = 0
    enough = asyncio.Event()

    async def session(stream: SerialStream) -> None:
        nonlocal sessions
        sessions += 1
        if sessions == 3:
            enough.set()
        raise LinkLost("device silent")

    task = asyncio.create_task(
        supervise("thing", lambda: open_serial(SerialSettings(str(pty.path))), session, lambda _: None, QUICK)
    )
    async with asyncio.timeout(PATIENCE_S):
        await enough.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    pty.unplug()


async def test_a_bug_in_a_session_is_not_hidden_by_reconnecting(tmp_path: Path) -> None:
    pty = VirtualPty(tmp_path / "thing")
    pty.plug()

    async def session(stream: SerialStream) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(
            supervise("thing", lambda: open_serial(SerialSettings(str(pty.path))), session, lambda _: None, QUICK),
            PATIENCE_S,
        )
    reopened = await open_serial(SerialSettings(str(pty.path)))  # the stream was closed on the way out
    await reopened.close()
    pty.unplug()
