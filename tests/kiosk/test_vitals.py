"""systemd hears from the kiosk while its parts live, and nothing more once one hangs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.cabinet.sd_notify import SystemdNotifier
from kiosk import vitals
from kiosk.vitals import watched
from tests.drivers.link.waiting import until


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "notify"))
        server.setblocking(False)
        yield server


def heard(systemd: socket.socket) -> list[bytes]:
    messages = []
    while True:
        try:
            messages.append(systemd.recv(256))
        except BlockingIOError:
            return messages


async def _nothing() -> None:
    return None


def _ticking(call: Callable[[], None]) -> None:
    async def tick() -> None:
        while True:
            call()
            await asyncio.sleep(0.01)

    _tasks.add(asyncio.create_task(tick()))


_tasks: set[asyncio.Task[None]] = set()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(vitals, "INTERFACE_S", 0.3)
    monkeypatch.setattr(vitals, "JOURNAL_S", 0.3)
    monkeypatch.setattr(vitals, "JOURNAL_EVERY_S", 0.01)
    monkeypatch.setattr(vitals, "DEVICES_S", 0.3)
    yield
    for task in _tasks:
        task.cancel()
    _tasks.clear()


async def test_ready_then_fed(systemd: socket.socket) -> None:
    async with watched(SystemdNotifier(systemd.getsockname(), 0.06), _ticking, _nothing, _ticking):
        await asyncio.sleep(0.5)
    first, *rest = heard(systemd)
    assert first == b"READY=1"
    assert set(rest) == {b"WATCHDOG=1"}


async def test_an_interface_that_hangs_is_not_covered_up(systemd: socket.socket) -> None:
    async with watched(SystemdNotifier(systemd.getsockname(), 0.06), lambda call: None, _nothing, _ticking):
        await asyncio.sleep(0.5)
        heard(systemd)
        await asyncio.sleep(0.2)
        assert heard(systemd) == []


async def test_a_journal_that_hangs_is_not_covered_up(systemd: socket.socket) -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    async with watched(SystemdNotifier(systemd.getsockname(), 0.06), _ticking, hang, _ticking):
        await asyncio.sleep(0.5)
        heard(systemd)
        await asyncio.sleep(0.2)
        assert heard(systemd) == []


async def test_a_planned_end_is_told_and_a_bug_is_not(systemd: socket.socket) -> None:
    async def run(error: BaseException) -> None:
        async with watched(SystemdNotifier(systemd.getsockname()), _ticking, _nothing, _ticking):
            raise error

    with pytest.raises(asyncio.CancelledError):
        await run(asyncio.CancelledError())
    assert heard(systemd) == [b"READY=1", b"STOPPING=1"]
    with pytest.raises(ValueError, match="bug"):
        await run(ValueError("bug"))
    assert heard(systemd) == [b"READY=1"]


async def test_without_systemd_nothing_runs() -> None:
    before = asyncio.all_tasks()
    async with watched(None, _ticking, _nothing, _ticking):
        assert asyncio.all_tasks() == before


async def test_a_device_that_is_never_done_being_asked_is_not_covered_up(systemd: socket.socket) -> None:
    async with watched(SystemdNotifier(systemd.getsockname(), 0.06), _ticking, _nothing, lambda call: None):
        await asyncio.sleep(0.5)
        assert b"WATCHDOG=1" in heard(systemd)
        await asyncio.sleep(0.2)
        assert heard(systemd) == []


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file for /dev/watchdog: it knows no ioctl, so it is fed by writing, and keeps what was written."""
    monkeypatch.setattr(vitals, "KERNEL_S", 1)
    path = tmp_path / "watchdog"
    path.touch()
    return path


async def test_the_kernels_watchdog_is_fed_without_systemd_and_disarmed_at_a_planned_end(kernel: Path) -> None:
    async with watched(None, _ticking, _nothing, _ticking, kernel):
        await until(lambda: len(kernel.read_bytes()) >= 2)
    fed = kernel.read_bytes()
    assert set(fed[:-1]) == {0}
    assert fed.endswith(b"V"), "magic close"


async def test_the_kernels_watchdog_hears_nothing_of_a_hung_program(kernel: Path) -> None:
    async with watched(None, lambda call: None, _nothing, _ticking, kernel):
        await asyncio.sleep(0.7)
        fed = kernel.read_bytes()
        assert fed
        await asyncio.sleep(0.7)
        assert kernel.read_bytes() == fed


async def test_the_kernels_watchdog_stays_armed_after_a_bug(kernel: Path) -> None:
    async def run() -> None:
        async with watched(None, _ticking, _nothing, _ticking, kernel):
            await until(kernel.read_bytes)
            raise ValueError("bug")

    with pytest.raises(ValueError, match="bug"):
        await run()
    assert b"V" not in kernel.read_bytes()


async def test_systemd_and_the_kernel_are_both_fed(kernel: Path, systemd: socket.socket) -> None:
    async with watched(SystemdNotifier(systemd.getsockname(), 0.06), _ticking, _nothing, _ticking, kernel):
        await until(lambda: len(kernel.read_bytes()) >= 2)
    assert heard(systemd).count(b"WATCHDOG=1") >= 2


async def test_a_watchdog_that_is_not_there_does_not_close_the_terminal(tmp_path: Path) -> None:
    async with watched(None, _ticking, _nothing, _ticking, tmp_path / "none"):
        await asyncio.sleep(0)
