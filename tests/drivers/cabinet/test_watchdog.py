"""systemd's and the kernel's watchdogs, and the hearts that decide whether they are fed."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.cabinet.kernel_watchdog import KernelWatchdog
from drivers.cabinet.sd_notify import SystemdNotifier
from drivers.cabinet.watchdog import Heartbeats, Watchdog


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """The socket systemd listens on, and its name in $NOTIFY_SOCKET."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        if request.param == "path":
            name = str(tmp_path / "notify")
            line.bind(name)
        else:
            name = f"@menkou-test-{os.getpid()}-{id(tmp_path)}"
            line.bind("\0" + name[1:])
        line.settimeout(10)
        yield line, name


def test_what_systemd_hears(systemd: tuple[socket.socket, str]) -> None:
    line, name = systemd
    notifier = SystemdNotifier.from_environment({"NOTIFY_SOCKET": name})
    assert notifier is not None
    assert notifier.watchdog_s is None
    assert notifier.ready()
    assert line.recv(100) == b"READY=1"
    assert notifier.watchdog()
    assert line.recv(100) == b"WATCHDOG=1"
    assert notifier.status("printer\nout of paper 缺纸")
    assert line.recv(100) == "STATUS=printer out of paper 缺纸".encode(), "a second line would be a second message"
    assert notifier.stopping()
    assert line.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ({"WATCHDOG_USEC": "20000000"}, 20.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": str(os.getpid())}, 20.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"}, None),  # our parent's
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({}, None),
    ],
)
def test_how_long_it_waits(more: dict[str, str], seconds: float | None) -> None:
    notifier = SystemdNotifier.from_environment({"NOTIFY_SOCKET": "/nowhere", **more})
    assert notifier is not None
    assert notifier.watchdog_s == seconds


def test_without_systemd(tmp_path: Path) -> None:
    assert SystemdNotifier.from_environment({}) is None
    assert SystemdNotifier.from_environment({"NOTIFY_SOCKET": "vsock:2:1234"}) is None
    assert not SystemdNotifier(str(tmp_path / "gone")).ready(), "no exception: the kiosk goes on"


def test_a_full_socket_does_not_block(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        notifier = SystemdNotifier(str(tmp_path / "notify"))
        taken = sum(notifier.watchdog() for _ in range(2000))
        assert 0 < taken < 2000


class FakeIoctl:
    """Records what /dev/watchdog is asked; `granted`: what it makes of the time-out."""

    def __init__(self, granted: int | None = 32, keeps_alive: bool = True) -> None:
        self.calls: list[tuple[int, int]] = []
        self.granted = granted
        self.keeps_alive = keeps_alive

    def __call__(self, descriptor: int, request: int, argument: bytes) -> bytes:
        self.calls.append((request, struct.unpack("i", argument)[0]))
        if request == 0x80045705:
            if not self.keeps_alive:
                raise OSError(25, "ENOTTY")
            return argument
        if self.granted is None:
            raise OSError(95, "EOPNOTSUPP")
        return struct.pack("i", self.granted)


def test_the_kernels_numbers(tmp_path: Path) -> None:
    device = tmp_path / "watchdog"
    device.touch()
    ioctl = FakeIoctl()
    watchdog = KernelWatchdog(device, 30, ioctl)
    assert watchdog.granted_s == 32
    assert watchdog.feed()
    assert ioctl.calls == [(0xC0045706, 30), (0x80045705, 0)]
    assert device.read_bytes() == b""
    watchdog.disarm()
    assert device.read_bytes() == b"V", "magic close"


def test_a_watchdog_that_only_knows_writes(tmp_path: Path) -> None:
    device = tmp_path / "watchdog"
    device.touch()
    ioctl = FakeIoctl(granted=None, keeps_alive=False)
    watchdog = KernelWatchdog(device, 30, ioctl)
    assert watchdog.granted_s == 30
    assert [request for request, _ in ioctl.calls] == [0xC0045706, 0x80045707]
    assert watchdog.feed()
    assert device.read_bytes() == b"\0"
    watchdog.disarm()
    assert device.read_bytes() == b"\0V"


def test_no_watchdog_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        KernelWatchdog(tmp_path / "none")


def test_hearts_come_and_go() -> None:
    now = 0.0
    hearts = Heartbeats(clock=lambda: now)
    ui = hearts.heart("ui", 5)
    with pytest.raises(ValueError, match="already"):
        hearts.heart("ui", 1)
    now = 5.0
    assert hearts.late() == []
    now = 5.1
    assert hearts.late() == ["ui"]
    hearts.retire(ui)
    assert hearts.late() == []
    assert Watchdog(hearts, [], 1).tick()
