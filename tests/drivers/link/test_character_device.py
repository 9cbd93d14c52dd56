"""Character devices as byte streams: a PTY stands in for the kernel's printer device, read and written alike."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.link import character_device as link
from drivers.link.character_device import CharacterDeviceSettings, CharacterDeviceStream, open_character_device
from drivers.link.stream import LinkLost
from drivers.virtual.pty import VirtualPty
from tests.drivers.link.waiting import PATIENCE_S


@pytest.fixture
async def pty(tmp_path: Path) -> AsyncIterator[VirtualPty]:
    device = VirtualPty(tmp_path / "usb" / "lp0")
    device.plug()
    yield device
    device.unplug()


@pytest.fixture
async def stream(pty: VirtualPty) -> AsyncIterator[CharacterDeviceStream]:
    opened = await open_character_device(CharacterDeviceSettings(str(pty.path)))
    yield opened
    await opened.close()


async def read_exactly(stream: CharacterDeviceStream, n: int) -> bytes:
    data = b""
    async with asyncio.timeout(PATIENCE_S):
        while len(data) < n:
            data += await stream.read(n - len(data))
    return data


async def test_bytes_go_both_ways_untouched(pty: VirtualPty, stream: CharacterDeviceStream) -> None:
    everything = bytes(range(256))
    await stream.write(everything)
    received = b""
    async with asyncio.timeout(PATIENCE_S):
        while len(received) < 256:
            received += await pty.read()
    assert received == everything
    await pty.send(everything)
    assert await read_exactly(stream, 256) == everything


async def test_more_than_the_kernel_takes_at_once(pty: VirtualPty, stream: CharacterDeviceStream) -> None:
    block = os.urandom(50_000)
    writing = asyncio.create_task(stream.write(block))
    received = b""
    async with asyncio.timeout(PATIENCE_S):
        while len(received) < len(block):
            received += await pty.read()
    await writing
    assert received == block


async def test_printer_that_takes_nothing_does_not_block_the_loop(tmp_path: Path) -> None:
    master, slave = os.openpty()
    stream = await open_character_device(CharacterDeviceSettings(os.ttyname(slave)))
    try:
        writing = asyncio.create_task(stream.write(bytes(1_000_000)))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not writing.done()
        await stream.close()
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(LinkLost):
                await writing
    finally:
        os.close(master)
        os.close(slave)


async def test_unplugging_ends_a_waiting_read_and_every_write(pty: VirtualPty, stream: CharacterDeviceStream) -> None:
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


async def test_write_to_a_device_that_is_gone(stream: CharacterDeviceStream, monkeypatch: pytest.MonkeyPatch) -> None:
    """usblp answers ENODEV to a write before anything can be read."""

    def gone(handle: int, data: bytes) -> int:
        raise OSError(errno.ENODEV, "gone")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", gone)
        with pytest.raises(LinkLost, match="ENODEV"):
            await stream.write(b"x")
    assert not stream.connected


async def test_empty_reads_do_not_keep_the_processor_busy(
    pty: VirtualPty, stream: CharacterDeviceStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A USB printer with nothing to say may answer every read with no bytes."""
    reads = 0

    def nothing(handle: int, size: int) -> bytes:
        nonlocal reads
        reads += 1
        return b""

    with monkeypatch.context() as patched:
        patched.setattr(os, "read", nothing)
        os.write(pty._master or -1, b"x")  # ready to be read for as long as nobody takes it
        await asyncio.sleep(0.3)
        assert 1 <= reads <= 30
    assert stream.connected
    async with asyncio.timeout(PATIENCE_S):
        assert await stream.read(1) == b"x"


async def test_absent_or_no_character_device(tmp_path: Path) -> None:
    with pytest.raises(LinkLost, match="ENOENT"):
        await open_character_device(CharacterDeviceSettings(str(tmp_path / "lp9")))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LinkLost, match="ENOTTY"):
        await open_character_device(CharacterDeviceSettings(str(tmp_path / "file")))


async def test_closing_leaves_no_descriptor(pty: VirtualPty) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    first = await open_character_device(CharacterDeviceSettings(str(pty.path)))
    await first.close()
    before = descriptors()
    for _ in range(20):
        opened = await open_character_device(CharacterDeviceSettings(str(pty.path)))
        await opened.close()
        await opened.close()
    assert descriptors() == before


async def test_cancelled_opening_leaves_no_descriptor(pty: VirtualPty, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    real = link._open

    def slow(path: str) -> int:
        time.sleep(0.1)
        opened.append(real(path))
        return opened[-1]

    monkeypatch.setattr(link, "_open", slow)
    opening = asyncio.create_task(open_character_device(CharacterDeviceSettings(str(pty.path))))
    await asyncio.sleep(0.02)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    async with asyncio.timeout(PATIENCE_S):
        while not opened:
            await asyncio.sleep(0.01)
        while Path(f"/proc/self/fd/{opened[0]}").exists():
            await asyncio.sleep(0.01)
