"""A real pcscd with a reader whose cards are programs: Debian's vsmartcard-vpcd, a daemon of our own on its own socket.

pcscd is built for one daemon on a machine: its socket and its number lie in /run/pcscd, and it takes every USB reader
it finds. So it is given a socket of ours, as systemd would give it one, and, where the kernel allows it, a /run of its
own and no USB drivers. Several then run at once, beside the system's own, and no rights are needed. Where it is not
allowed (a chroot, a strict container), root can still run it; it then writes its number to /run/pcscd as well.

vpcd listens on all addresses, not on 127.0.0.1 only: whoever reaches its port can be the card. It is for developers'
and trainers' machines. Its port has to lie below 32768, or an outgoing connection may have it already.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from drivers.virtual.social_security_card import VirtualChip

PCSCD = "/usr/sbin/pcscd"
VPCD = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
FRIENDLY_NAME = "Menkou Virtual Reader"
_MOST_SOCKET_PATH = 107  # bytes of sockaddr_un.sun_path
_PORTS = range(20000, 32000, 2)
_START_S = 10.0
NOTICE_S = 0.5  # pcscd looks every 0.4 s whether a card is there

# In a mount namespace of its own: an empty /run/pcscd, and no drivers for USB readers.
_OWN_RUN = """
set -e
if [ -d /run/pcscd ]; then mount -t tmpfs tmpfs /run/pcscd; else mount -t tmpfs tmpfs /run; mkdir /run/pcscd; fi
for bundle in /usr/lib/pcsc/drivers/*.bundle; do [ ! -d "$bundle" ] || mount -t tmpfs tmpfs "$bundle"; done
exec "$@"
"""
# Socket activation wants the socket as descriptor 3, and the process told that it is meant. The daemon dies with us.
_ACTIVATE = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
os.dup2(int(sys.argv[1]), 3, inheritable=True)
os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"] = str(os.getpid()), "1"
os.execv(sys.argv[2], sys.argv[2:])
"""


class VirtualPcscd:
    """`start`, `stop`, `start` again on the same socket. `freeze` it and its clients hang, as with a bad USB stack."""

    def __init__(self, folder: Path, friendly_name: str = FRIENDLY_NAME) -> None:
        self.socket = folder / "pcscd.comm"
        self.friendly_name = friendly_name
        self.port = 0
        self._config = folder / "readers"
        self._process: asyncio.subprocess.Process | None = None
        self._listening: socket.socket | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def start(self, *, with_reader: bool = True) -> None:
        """RuntimeError with the reason when this machine cannot run it. Without a reader: somebody pulled its plug."""
        if self.running:
            return
        self._check()
        isolated = await _isolation()
        if not isolated and os.geteuid() != 0:
            raise RuntimeError("pcscd needs root here, or a kernel that lets users have namespaces")
        self._write_config(with_reader)
        self._listen()
        assert self._listening is not None  # noqa: S101 - made by the line above
        descriptor = self._listening.fileno()
        command = [sys.executable, "-I", "-S", "-c", _ACTIVATE, str(descriptor), PCSCD, "--foreground", "--critical"]
        self._process = await asyncio.create_subprocess_exec(
            *isolated,
            *command,
            *("--config", str(self._config)),
            pass_fds=(descriptor,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")},
        )
        if with_reader and not await self._up():
            await self.stop()
            raise RuntimeError("pcscd does not offer its reader; its folder must not lie in /run")

    async def stop(self) -> None:
        """The socket's name goes too, so that clients are refused instead of kept waiting."""
        self.socket.unlink(missing_ok=True)
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()  # it has nothing to save, and waits for a card that says nothing when asked politely
            await process.wait()

    def freeze(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def _check(self) -> None:
        for needed, package in ((PCSCD, "pcscd"), (VPCD, "vsmartcard-vpcd")):
            if not Path(needed).exists():
                raise RuntimeError(f"{needed} is missing: apt-get install {package}")
        if len(os.fsencode(self.socket)) > _MOST_SOCKET_PATH:
            raise RuntimeError(f"the path of pcscd's socket is longer than {_MOST_SOCKET_PATH} bytes")

    def _write_config(self, with_reader: bool) -> None:
        shutil.rmtree(self._config, ignore_errors=True)
        self._config.mkdir(parents=True)
        self.port = _free_pair()
        name, port = self.friendly_name, f"0x{self.port:04X}"
        lines = [f'FRIENDLYNAME "{name}"', f"DEVICENAME /dev/null:{port}", f"LIBPATH {VPCD}", f"CHANNELID {port}"]
        (self._config / "vpcd").write_text("\n".join(lines) + "\n" if with_reader else "", "ascii")

    def _listen(self) -> None:
        self.socket.unlink(missing_ok=True)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(os.fspath(self.socket))
        self._listening.listen(16)

    async def _up(self) -> bool:
        """Wait until the second slot takes connections; the first is up then too."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _START_S
        while self.running and loop.time() < until:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port + 1)
                writer.close()
                return True
            await asyncio.sleep(0.01)
        return False


def _free_pair() -> int:
    """A port that is free now, as is the next one: vpcd has two slots."""
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as first, socket.socket() as second, contextlib.suppress(OSError):
            first.bind(("0.0.0.0", port))
            second.bind(("0.0.0.0", port + 1))
            return port
    raise RuntimeError("no free port below 32768")


async def _isolation() -> list[str]:
    """The command before pcscd's that gives it a /run of its own; empty where that is not allowed."""
    own = ["unshare", "--mount", "--propagation", "private", *([] if os.geteuid() == 0 else ["--user", "-r"])]
    try:
        probe = await asyncio.create_subprocess_exec(
            *own, "sh", "-c", _OWN_RUN, "sh", "true", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:
        return []
    return [*own, "sh", "-c", _OWN_RUN, "sh"] if await probe.wait() == 0 else []


class VpcdSlot:
    """The card's end of one slot: vpcd's protocol, a length of two bytes and that many bytes, both ways.

    One byte: 00 power off, 01 power on, 02 reset, without an answer; 04 asks for the ATR, about twice a second, which
    is how pcscd sees that the card is there. Anything else is a command unit for the chip.
    """

    def __init__(self, on_event: Callable[[str], None] = lambda text: None) -> None:
        self.chip: VirtualChip | None = None
        self.withdraw_after: int | None = None  # answers, then the card is pulled out instead of the next
        self.silent = False  # commands are not answered any more
        self.garbage: bytes | None = None  # given instead of the next answer
        self._on_event = on_event
        self._port = 0
        self._serving: asyncio.Task[None] | None = None
        self._powering = False
        self._empty_since = -NOTICE_S

    async def insert(self, port: int, chip: VirtualChip) -> None:
        """Whatever was in the slot is out before, for long enough that pcscd sees it empty: no hand is faster, and
        pcscd would otherwise go on believing in the card before."""
        await self.withdraw()
        await asyncio.sleep(max(0.0, self._empty_since + NOTICE_S - asyncio.get_running_loop().time()))
        self._port, self.chip = port, chip
        self._serving = asyncio.create_task(self._serve(chip), name="vpcd-slot")

    async def withdraw(self) -> None:
        if self.chip is not None:
            self._pulled()
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.cancel()
            await asyncio.wait([serving])

    def _pulled(self) -> None:
        self.chip = None
        self._empty_since = asyncio.get_running_loop().time()

    async def _serve(self, chip: VirtualChip) -> None:
        while self.chip is chip:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                await asyncio.sleep(0.05)  # no reader just now
                continue
            line: socket.socket = writer.get_extra_info("socket")
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                    await self._contact(chip, reader, writer, line)
            finally:
                chip.power_off()
                writer.transport.abort()
            await asyncio.sleep(0.02)

    async def _contact(
        self, chip: VirtualChip, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: socket.socket
    ) -> None:
        """Serve one connection until the card is out, or the reader lets go of it."""
        self._powering = False
        while True:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # else each exchange waits 40 ms for nothing
            length = int.from_bytes(await reader.readexactly(2), "big")
            message = await reader.readexactly(length)
            if self.chip is not chip:
                return
            answer = self._answer(chip, message)
            if self.chip is not chip:
                return
            if answer is not None:
                writer.write(len(answer).to_bytes(2, "big") + answer)

    def _answer(self, chip: VirtualChip, message: bytes) -> bytes | None:
        match message:
            case b"\x00":
                chip.power_off()
                return None
            case b"\x01" | b"\x02":
                chip.power_on()
                self._powering = True
                return None
            case b"\x04":
                if self._powering and chip.mute:  # vpcd has no word for it: contact is lost for a moment
                    raise ConnectionAbortedError
                self._powering = False
                return chip.atr
        if self.withdraw_after is not None and chip.answers >= self.withdraw_after:
            self.withdraw_after = None
            self._pulled()
            self._on_event("card withdrawn in mid-read")
            return None
        if self.silent:
            return None
        answer = chip.exchange(message)
        if self.garbage is not None:
            answer, self.garbage = self.garbage, None
        return answer
