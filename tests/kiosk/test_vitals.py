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
    yield
    for task in _tasks:
        task.cancel()
    _tasks.clear()


async def test_ready_then_fed(systemd: socket.socket) -> None:
    async with watched(SystemdNotifier(systemd.getsockname(), 0.06), _ticking, _nothing):
        await asyncio.sleep(0.5)
    first, *rest = heard(systemd)
    assert first == b"READY=1"
    assert set(rest) == {b"WATCHDOG=1"}


async def test_an_interface_that_hangs_is_not_covered_up(systemd: socket.socket) -> None:
    async with watched(SystemdNotifier(systemd.getsockname(), 0.06), lambda call: None, _nothing):
        await asyncio.sleep(0.5)
        heard(systemd)
        await asyncio.sleep(0.2)
        assert heard(systemd) == []


async def test_a_journal_that_hangs_is_not_covered_up(systemd: socket.socket) -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    async with watched(SystemdNotifier(systemd.getsockname(), 0.06), _ticking, hang):
        await asyncio.sleep(0.5)
        heard(systemd)
        await asyncio.sleep(0.2)
        assert heard(systemd) == []


async def test_a_planned_end_is_told_and_a_bug_is_not(systemd: socket.socket) -> None:
    async def run(error: BaseException) -> None:
        async with watched(SystemdNotifier(systemd.getsockname()), _ticking, _nothing):
            raise error

    with pytest.raises(asyncio.CancelledError):
        await run(asyncio.CancelledError())
    assert heard(systemd) == [b"READY=1", b"STOPPING=1"]
    with pytest.raises(ValueError, match="bug"):
        await run(ValueError("bug"))
    assert heard(systemd) == [b"READY=1"]


async def test_without_systemd_nothing_runs() -> None:
    before = asyncio.all_tasks()
    async with watched(None, _ticking, _nothing):
        assert asyncio.all_tasks() == before
