"""The serial byte stream on a real PTY, and the arguments a PTY cannot check."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import serial

from drivers.link import serial as link
from drivers.link.serial import SerialSettings, SerialStream, open_serial
from drivers.link.stream import MAX_BUFFERED, LinkLost, ReceiveBuffer
from drivers.virtual.pty import Delivery, VirtualPty
from tests.drivers.link.waiting import PATIENCE_S, until


@pytest.fixture
async def pty(tmp_path: Path) -> AsyncIterator[VirtualPty]:
    device = VirtualPty(tmp_path / "dev" / "thing")
    device.plug()
    yield device
    device.unplug()


@pytest.fixture
async def stream(pty: VirtualPty) -> AsyncIterator[SerialStream]:
    opened = await open_serial(SerialSettings(str(pty.path)))
    yield opened
    await opened.close()


async def read_exactly(stream: SerialStream, n: int) -> bytes:
    data = b""
    async with asyncio.timeout(PATIENCE_S):
        while len(data) < n:
            data += await stream.read(n - len(data))
    return data


async def test_the_line_is_opened_with_exactly_these_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def fake_serial(**arguments: Any) -> serial.Serial:
        given.update(arguments)
        raise serial.SerialException("not now")

    monkeypatch.setattr(link.serial, "Serial", fake_serial)
    with pytest.raises(LinkLost):
        await open_serial(SerialSettings("/dev/x", baud=9600, parity="E", stopbits=2, rtscts=True, dsrdtr=True))
    assert given == {
        "port": "/dev/x",
        "baudrate": 9600,
        "bytesize": 8,
        "parity": serial.PARITY_EVEN,
        "stopbits": serial.STOPBITS_TWO,
        "rtscts": True,
        "dsrdtr": True,
        "xonxoff": False,
        "exclusive": True,
    }


def test_the_default_is_115200_8n1_without_flow_control() -> None:
    settings = SerialSettings("/dev/x")
    assert settings.pyserial_arguments() == {
        "port": "/dev/x",
        "baudrate": 115200,
        "bytesize": serial.EIGHTBITS,
        "parity": serial.PARITY_NONE,
        "stopbits": serial.STOPBITS_ONE,
        "rtscts": False,
        "dsrdtr": False,
        "xonxoff": False,
        "exclusive": True,
    }


def test_time_on_the_wire_counts_start_parity_and_stop_bits() -> None:
    assert SerialSettings("/dev/x", baud=9600).seconds_for(960) == pytest.approx(1.0)
    assert SerialSettings("/dev/x", baud=9600, parity="E", stopbits=2).seconds_for(800) == pytest.approx(1.0)


async def test_bytes_go_both_ways_untouched(pty: VirtualPty, stream: SerialStream) -> None:
    everything = bytes(range(256))
    await stream.write(everything)
    received = b""
    async with asyncio.timeout(PATIENCE_S):
        while len(received) < 256:
            received += await pty.read()
    assert received == everything
    await pty.send(everything, Delivery(byte_by_byte=True))
    assert await read_exactly(stream, 256) == everything


async def test_more_than_the_terminal_holds_arrives_whole(pty: VirtualPty, stream: SerialStream) -> None:
    block = os.urandom(20_000)
    sending = asyncio.create_task(pty.send(block))
    assert await read_exactly(stream, len(block)) == block
    await sending


async def test_drain_input_forgets_what_came_before(pty: VirtualPty, stream: SerialStream) -> None:
    await pty.send(b"old")
    assert await read_exactly(stream, 1) == b"o"
    await until(stream.drain_input)
    await pty.send(b"new")
    assert await read_exactly(stream, 3) == b"new"


async def test_unplugging_ends_a_waiting_read(pty: VirtualPty, stream: SerialStream) -> None:
    reading = asyncio.create_task(stream.read(1))
    await asyncio.sleep(0)
    pty.unplug()
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(LinkLost):
            await reading
        await stream.wait_lost()
    assert not stream.connected
    with pytest.raises(LinkLost):
        await stream.write(b"x")


async def test_closing_a_line_that_is_just_being_lost_ends_it_once(pty: VirtualPty) -> None:
    """The library's transport cannot bear two ends: its second one is an exception nobody retrieves."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    for _ in range(5):
        pty.plug()
        stream = await open_serial(SerialSettings(str(pty.path)))
        pty.unplug()
        while stream.connected:
            await asyncio.sleep(0)
        await stream.close()
        await asyncio.sleep(0.05)
        gc.collect()
    assert not complaints


async def test_a_second_opener_is_refused(pty: VirtualPty, stream: SerialStream) -> None:
    with pytest.raises(LinkLost):
        await open_serial(SerialSettings(str(pty.path)))


async def test_closing_frees_the_line_at_once(pty: VirtualPty) -> None:
    for _ in range(3):
        opened = await open_serial(SerialSettings(str(pty.path)))
        await opened.close()
        await opened.close()


async def test_closing_does_not_wait_for_a_device_that_takes_nothing(pty: VirtualPty) -> None:
    opened = await open_serial(SerialSettings(str(pty.path)))
    asyncio.get_running_loop().remove_reader(pty._master)  # type: ignore[arg-type]  # nobody reads the far end
    writing = asyncio.create_task(opened.write(bytes(500_000)))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(PATIENCE_S):
        await opened.close()
        with pytest.raises(LinkLost):
            await writing


async def test_cancelled_opening_keeps_no_lock(pty: VirtualPty) -> None:
    opening = asyncio.create_task(open_serial(SerialSettings(str(pty.path))))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                opened = await open_serial(SerialSettings(str(pty.path)))
                break
            except LinkLost:
                await asyncio.sleep(0.02)
    await opened.close()


async def test_an_absent_path_is_a_loss_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(LinkLost, match="cannot open"):
        await open_serial(SerialSettings(str(tmp_path / "nothing")))


async def test_a_parity_the_line_cannot_do_is_a_loss_not_a_crash(pty: VirtualPty) -> None:
    """A PTY has none: the second setting of it, by the library, is refused with termios.error."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(20):
        with pytest.raises(LinkLost, match="cannot open"):
            await open_serial(SerialSettings(str(pty.path), parity="E"))
    assert len(os.listdir("/proc/self/fd")) < before + 20, "no descriptor is left behind"  # noqa: PTH208
    opened = await open_serial(SerialSettings(str(pty.path)))
    await opened.close()


async def test_a_buffer_nobody_reads_is_bounded_and_keeps_the_newest() -> None:
    buffer = ReceiveBuffer()
    buffer.feed(bytes(MAX_BUFFERED))
    buffer.feed(b"newest")
    data = await buffer.take(2 * MAX_BUFFERED)
    assert len(data) == MAX_BUFFERED
    assert data.endswith(b"newest")


async def test_two_messages_of_a_device_are_not_mixed(pty: VirtualPty, stream: SerialStream) -> None:
    """The simulated line, not ours: a report sent while an answer still goes out byte by byte comes after it."""
    slowly = Delivery(byte_by_byte=True)
    await asyncio.gather(pty.send(b"answer", slowly), pty.send(b"report", slowly))
    assert await read_exactly(stream, 12) == b"answerreport"
