"""Input records on a pseudo-terminal, a FIFO, and a real kernel device where there is one."""

from __future__ import annotations

import asyncio
import errno
import os
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from evdev import ecodes
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.link import input_events
from drivers.link.input_events import DOWN, RECORD, EventParser, InputEvent, InputLink, open_input
from drivers.link.stream import LinkLost
from drivers.virtual.input_device import VirtualInputDevice
from drivers.virtual.pty import Delivery
from tests.drivers.link.waiting import PATIENCE_S, until

KEY_A = 30


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[VirtualInputDevice]:
    virtual = VirtualInputDevice(tmp_path / "dev" / "keys", speed=20)
    virtual.plug()
    yield virtual
    await virtual.unplug()


@pytest.fixture
async def link(device: VirtualInputDevice) -> AsyncIterator[InputLink]:
    opened = await open_input(str(device.pty.path))
    yield opened
    await opened.close()


async def keys(link: InputLink, parser: EventParser, count: int) -> list[tuple[int, int]]:
    """(code, value) of the next `count` key events."""
    found: list[tuple[int, int]] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(found) < count:
            found += [(e.code, e.value) for e in parser.feed(await link.read(4096)) if e.is_key]
    return found


# the records


def test_a_record_byte_for_byte() -> None:
    """struct input_event of a 64-bit kernel, little end first: 8 bytes of seconds, 8 of microseconds, 2, 2, 4."""
    record = bytes.fromhex("0500000000000000 20A1070000000000 0100 1E00 01000000")
    event = InputEvent.from_bytes(record)
    assert event is not None
    assert (event.type, event.code, event.value, event.at) == (ecodes.EV_KEY, KEY_A, DOWN, 5.5)
    assert event.to_bytes() == record
    assert RECORD.size == 24


@pytest.mark.parametrize(
    "record",
    [
        struct.pack("=qqHHi", 5, 1_000_000, 1, 30, 1),
        struct.pack("=qqHHi", -5, 0, 1, 30, 1),
        struct.pack("=qqHHi", 5, 0, 99, 30, 1),
        struct.pack("=qqHHi", 5, 0, 1, 30_000, 1),
        struct.pack("=qqHHi", 5, 0, 1, 30, 7),
    ],
)
def test_what_no_kernel_writes_is_no_record(record: bytes) -> None:
    assert InputEvent.from_bytes(record) is None


@pytest.mark.parametrize("noise", [b"\xff\xfe\xfd", b"\x00" * 5, bytes(range(23)), b"AT\r\n", b"\xff" * 100])
@pytest.mark.parametrize("at", [5.0, 5.25, 100_000.123456])
def test_noise_leaves_a_gap_and_no_keys(noise: bytes, at: float) -> None:
    record = InputEvent(ecodes.EV_KEY, KEY_A, DOWN, at).to_bytes()
    parser = EventParser()
    found = parser.feed(record + noise + record * 2)
    assert [event.is_gap for event in found] == [False, True, False, False]
    assert parser.damaged == 1


def test_the_key_does_not_show() -> None:
    assert "30" not in repr(InputEvent(1, 30, 1, 5.0))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 0x2FF), st.integers(0, 2))), st.data())
def test_any_split_gives_the_records(strokes: list[tuple[int, int]], data: st.DataObject) -> None:
    stream = b"".join(struct.pack("=qqHHi", 7, 1, 1, *stroke) for stroke in strokes)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    parser, found = EventParser(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += parser.feed(stream[start:end])
    assert [(event.code, event.value) for event in found] == strokes


# the device


async def test_keys_arrive(device: VirtualInputDevice, link: InputLink) -> None:
    await device.tap(KEY_A)
    assert await keys(link, EventParser(), 2) == [(KEY_A, 1), (KEY_A, 0)]


async def test_byte_by_byte_and_with_noise(device: VirtualInputDevice, link: InputLink) -> None:
    device.delivery = Delivery(noise=b"\xaa\xbb\xcc", byte_by_byte=True)
    await device.report((1, KEY_A, 1))
    assert await keys(link, EventParser(), 1) == [(KEY_A, 1)]


async def test_what_was_pressed_before_does_not_count(device: VirtualInputDevice) -> None:
    await device.tap(KEY_A)
    link = await open_input(str(device.pty.path))
    await device.tap(KEY_A + 1)
    assert await keys(link, EventParser(), 2) == [(KEY_A + 1, 1), (KEY_A + 1, 0)]
    await link.close()


async def test_nobody_else_gets_the_keys(device: VirtualInputDevice, link: InputLink) -> None:
    with pytest.raises(LinkLost, match="taken by another program"):
        await open_input(str(device.pty.path))
    await link.close()
    await (await open_input(str(device.pty.path))).close()


async def test_unplugging_ends_a_waiting_read(device: VirtualInputDevice, link: InputLink) -> None:
    reading = asyncio.create_task(link.read(24))
    await asyncio.sleep(0)
    await device.unplug()
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(LinkLost):
            await reading
        await link.wait_lost()
    assert not link.connected
    with pytest.raises(LinkLost):
        await open_input(str(device.pty.path))


async def test_a_fifo_will_do_and_its_end_is_a_loss(tmp_path: Path) -> None:
    fifo = tmp_path / "keys"
    os.mkfifo(fifo)
    writer = os.open(fifo, os.O_RDWR)  # so that neither side waits for the other
    link = await open_input(str(fifo))
    os.write(writer, InputEvent(1, KEY_A, 1, 3.0).to_bytes())
    assert await keys(link, EventParser(), 1) == [(KEY_A, 1)]
    os.close(writer)
    async with asyncio.timeout(PATIENCE_S):
        await link.wait_lost()
    await link.close()


async def test_no_input_device(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(24))
    for path in (tmp_path / "absent", tmp_path, tmp_path / "file", Path("/dev/null")):
        with pytest.raises(LinkLost, match="cannot open"):
            await open_input(str(path))


async def test_cancelled_opening_keeps_no_lock(device: VirtualInputDevice) -> None:
    opening = asyncio.create_task(open_input(str(device.pty.path)))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening

    async def opens() -> InputLink:
        while True:
            try:
                return await open_input(str(device.pty.path))
            except LinkLost:
                await asyncio.sleep(0.01)

    await (await asyncio.wait_for(opens(), PATIENCE_S)).close()


async def test_closing_twice_leaves_no_descriptor(device: VirtualInputDevice) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        link = await open_input(str(device.pty.path))
        await link.close()
        await link.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# evdev


class FakeEvdev:
    """Stands for evdev.InputDevice: what is called, and in which order."""

    calls: list[Any]
    busy = False

    def __init__(self, path: str, readonly: bool = False) -> None:
        FakeEvdev.calls.append(("open", path, readonly))
        self.fd, self._other = os.pipe()
        os.set_blocking(self.fd, False)
        self.name, self.uniq = "Example Keypad", "SN1"

    def grab(self) -> None:
        FakeEvdev.calls.append("grab")
        if FakeEvdev.busy:
            raise OSError(16, "Device or resource busy")

    def close(self) -> None:
        FakeEvdev.calls.append("close")
        os.close(self.fd)
        os.close(self._other)


@pytest.fixture
def evdev_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/null taken for a node of the kernel's input devices, and evdev replaced: there is no such device here."""
    FakeEvdev.calls, FakeEvdev.busy = [], False
    monkeypatch.setattr(input_events, "_INPUT_MAJOR", os.major(Path("/dev/null").stat().st_rdev))
    monkeypatch.setattr(input_events.evdev, "InputDevice", FakeEvdev)
    monkeypatch.setattr(input_events.fcntl, "ioctl", lambda fd, *request: FakeEvdev.calls.append(request))


@pytest.mark.usefixtures("evdev_node")
async def test_a_kernel_device_is_grabbed_and_told_its_clock() -> None:
    link = await open_input("/dev/null")
    assert FakeEvdev.calls == [("open", "/dev/null", True), "grab", (0x400445A0, struct.pack("=i", 1)), "close"]
    assert link.identity == "Example Keypad SN1"
    await link.close()


@pytest.mark.usefixtures("evdev_node")
async def test_a_kernel_device_somebody_else_has_grabbed() -> None:
    FakeEvdev.busy = True
    with pytest.raises(LinkLost, match="taken by another program"):
        await open_input("/dev/null")
    assert FakeEvdev.calls[-1] == "close"


@pytest.mark.usefixtures("evdev_node")
async def test_a_kernel_device_that_goes_while_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_fd: int) -> None:
        raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(input_events, "_skip_backlog", gone)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(LinkLost, match="ENODEV"):
            await open_input("/dev/null")
    assert len(list(Path("/proc/self/fd").iterdir())) <= before, "an open descriptor would keep the grab"


@pytest.mark.usefixtures("evdev_node")
async def test_what_a_device_calls_itself_can_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Rude(FakeEvdev):
        def __init__(self, path: str, readonly: bool = False) -> None:
            super().__init__(path, readonly)
            self.name, self.uniq = "Key\x1b[2Jpad\n", "\u202e1NS"

    monkeypatch.setattr(input_events.evdev, "InputDevice", Rude)
    link = await open_input("/dev/null")
    assert link.identity == "Key?[2Jpad? ?1NS"
    await link.close()


@pytest.mark.parametrize("major", [4, 5, 166, 188, 204])  # ttyS, tty, ttyACM, ttyUSB, ttyAMA
async def test_a_terminal_is_no_input_device(
    device: VirtualInputDevice, monkeypatch: pytest.MonkeyPatch, major: int
) -> None:
    """A serial scanner's line given as a keyboard: its bytes are no records."""
    monkeypatch.setattr("os.major", lambda _number: major)
    with pytest.raises(LinkLost, match="ENODEV"):
        await open_input(str(device.pty.path))


@pytest.mark.skipif(not Path("/dev/uinput").exists(), reason="this machine has no /dev/uinput")
async def test_a_device_made_by_uinput() -> None:
    import evdev

    with evdev.UInput({ecodes.EV_KEY: [KEY_A]}, name="menkou test") as made:
        path = made.device.path
        await until(lambda: os.access(path, os.R_OK))
        link = await open_input(path)
        assert "menkou test" in link.identity
        made.write(ecodes.EV_KEY, KEY_A, 1)
        made.write(ecodes.EV_KEY, KEY_A, 0)
        made.syn()
        assert await keys(link, EventParser(), 2) == [(KEY_A, 1), (KEY_A, 0)]
    async with asyncio.timeout(PATIENCE_S):
        await link.wait_lost()
    await link.close()
