"""Bad lines, silence, and terminals that die while nobody looks."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from drivers.card_terminal.plugin import ZVT_SERIAL, ZVT_TCP, ZvtSerialOptions
from drivers.card_terminal.port import CardOutcome
from drivers.card_terminal.zvt_channel import MOST_WAITING
from drivers.device import DeviceClass
from drivers.link.serial import SerialSettings
from drivers.link.tcp import TcpSettings
from drivers.manager import DevicesFileError, make_device
from drivers.status import Action, DeviceState
from drivers.virtual.zvt_terminal_scenario import TerminalFault
from drivers.virtual.zvt_terminal_wire import Manners
from tests.drivers.card_terminal.bench import Bench, impatient, over_serial, over_tcp
from tests.drivers.link.waiting import until


async def _pays(bench: Bench, amount: int = 1250) -> None:
    known = len(bench.terminal.book.payments)
    result = await bench.driver.pay(amount)
    assert (result.outcome, result.amount) == (CardOutcome.APPROVED, amount)
    assert len(bench.terminal.book.payments) == known + 1


@pytest.mark.parametrize(
    "manners", [Manners(byte_by_byte=True), Manners(merged=True)], ids=["one-byte-at-a-time", "merged-segments"]
)
async def test_segments(manners: Manners) -> None:
    async with over_tcp() as bench:
        bench.tcp.manners = manners
        await _pays(bench)


@pytest.mark.parametrize(
    "manners",
    [
        Manners(byte_by_byte=True),
        Manners(noise=b"\x00\x7f\x10\x33\x55\x10\x02\x04"),
        Manners(damaged=1),
        Manners(damaged=2),
        Manners(refused=1),
        Manners(lost_acks=1),
    ],
    ids=["one-byte-at-a-time", "noise", "damaged", "damaged-twice", "nak", "ack-lost"],
)
async def test_a_bad_serial_line_is_read_through(tmp_path: Path, manners: Manners) -> None:
    async with over_serial(tmp_path) as bench:
        bench.serial.manners = manners
        await _pays(bench)
        assert manners.damaged == manners.refused == manners.lost_acks == 0


async def test_noise_on_tcp_is_skipped() -> None:
    async with over_tcp() as bench:
        writer = bench.tcp._writer
        assert writer is not None
        writer.write(b"\x00\x00\x3eVER|APP")
        await _pays(bench)


async def test_replugged_under_another_name(tmp_path: Path) -> None:
    async with over_serial(tmp_path) as bench:
        before = bench.serial.pty.tty
        holder = os.openpty()  # takes the old number
        await bench.terminal.unplug()
        await until(lambda: bench.driver.status.device is DeviceState.OFFLINE)
        await bench.terminal.replug()
        await bench.ready()
        assert bench.serial.pty.tty != before or holder
        await _pays(bench)
        for each in holder:
            os.close(each)


async def test_port_held_by_another_process(tmp_path: Path) -> None:
    import fcntl
    import termios

    async with over_serial(tmp_path) as bench:
        await bench.driver.close()
        other = os.open(bench.serial.pty.path, os.O_RDWR | os.O_NOCTTY)
        fcntl.ioctl(other, termios.TIOCEXCL)
        fcntl.flock(other, fcntl.LOCK_EX)
        await bench.driver.open()
        await until(lambda: bench.driver.status.device is DeviceState.OFFLINE)
        assert bench.driver.status.action is Action.MAINTENANCE
        fcntl.ioctl(other, termios.TIOCNXCL)
        os.close(other)
        await bench.ready()


async def test_silence_after_the_payment_began_is_in_doubt() -> None:
    async with over_tcp(impatient(t3=0.3), auto=None) as bench:
        bench.terminal.inject(TerminalFault.SILENT)
        result = await bench.driver.pay(100)
        assert result.outcome is CardOutcome.UNKNOWN, "the command may have arrived"
        await until(lambda: bench.driver.status.device is DeviceState.OFFLINE)
        bench.terminal.clear()
        await until(lambda: bench.driver.status.device is not DeviceState.OFFLINE)


async def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    driver = make_device(DeviceClass.CARD_TERMINAL, {"driver": "zvt-tcp", "host": "127.0.0.1", "port": port})
    await driver.open()
    await until(lambda: driver.status.device is DeviceState.OFFLINE)
    assert driver.status.action is Action.MAINTENANCE
    await driver.close()


async def test_enquiries_notice_a_dead_connection() -> None:
    """Frozen: neither side was told, as after a switch was exchanged."""
    async with over_tcp(impatient(enquiry_interval=0.1, t3=0.3)) as bench:
        first = bench.tcp.connection
        bench.tcp.frozen = True
        await until(lambda: bench.tcp.connection > first)
        await bench.ready()
        await _pays(bench)


async def _say_for_ever(bench: Bench, apdu: bytes) -> None:
    writer = bench.tcp._writer
    assert writer is not None
    with suppress(ConnectionError):
        while True:
            writer.write(apdu * 100)
            await writer.drain()
            await asyncio.sleep(0.001)


STATUS = bytes.fromhex("04 0F 02 27 00")
WAIT = bytes.fromhex("04 FF 01 0E")


@pytest.mark.parametrize(("apdu", "whole_payment"), [(STATUS, 60.0), (WAIT, 0.5)], ids=["statuses", "prompts"])
async def test_a_terminal_that_talks_without_end_in_a_payment(apdu: bytes, whole_payment: float) -> None:
    async with over_tcp(impatient(whole_payment=whole_payment), auto=None, speed=5.0) as bench:
        bench.terminal.inject(TerminalFault.KEEPS_CANCEL)
        paying = asyncio.create_task(bench.driver.pay(100))
        await until(lambda: bench.terminal.wants_card)
        talking = asyncio.create_task(_say_for_ever(bench, apdu))
        async with asyncio.timeout(20):
            assert (await paying).outcome is CardOutcome.UNKNOWN
        talking.cancel()
        await asyncio.wait([talking])


async def test_a_terminal_that_talks_without_end_while_idle_does_not_fill_the_memory() -> None:
    async with over_tcp() as bench:
        channel = bench.driver._channel
        assert channel is not None
        async with bench.driver._turn:  # nobody takes anything out
            talking = asyncio.create_task(_say_for_ever(bench, STATUS))
            await until(lambda: not channel.alive)
            assert len(channel._inbox) <= MOST_WAITING
        talking.cancel()
        await asyncio.wait([talking])
        await bench.ready()


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_no_leak_over_many_reconnections() -> None:
    async with over_tcp() as bench:
        await _pays(bench, 1)
        await bench.ready()
        tasks, files = len(asyncio.all_tasks()), _open_files()
        for _ in range(15):
            before = bench.tcp.connection
            await bench.tcp.cut()
            await until(lambda: bench.tcp.connection > before)  # noqa: B023
            await bench.ready()
        await until(lambda: len(asyncio.all_tasks()) <= tasks and _open_files() <= files)


def test_pyserial_arguments() -> None:
    """9600 8N2 without flow control, which a PTY cannot reveal."""
    options = ZvtSerialOptions.model_validate({"path": "/dev/serial/by-path/x"})
    line = ZVT_SERIAL.make(options)._settings.line  # type: ignore[attr-defined]
    assert isinstance(line, SerialSettings)
    assert line.pyserial_arguments() == {
        "port": "/dev/serial/by-path/x",
        "baudrate": 9600,
        "bytesize": 8,
        "parity": "N",
        "stopbits": 2,
        "rtscts": False,
        "dsrdtr": False,
        "xonxoff": False,
        "exclusive": True,
    }


def test_options() -> None:
    tcp = ZVT_TCP.make(ZVT_TCP.options.model_validate({"host": "10.0.0.5", "password": "123456", "currency": 978}))
    settings = tcp._settings  # type: ignore[attr-defined]
    assert settings.line == TcpSettings("10.0.0.5", 20007)
    assert (settings.password, settings.currency, settings.config_byte) == (123456, 978, 0xBE)
    assert "123456" not in repr(settings)


@pytest.mark.parametrize("password", ["12345", "abcdef", "1234567", "１２３４５６"])
def test_a_wrong_password_is_not_repeated_in_the_message(password: str) -> None:
    with pytest.raises(DevicesFileError, match="six digits") as caught:
        make_device(DeviceClass.CARD_TERMINAL, {"driver": "zvt-tcp", "host": "h", "password": password})
    assert password not in str(caught.value)
