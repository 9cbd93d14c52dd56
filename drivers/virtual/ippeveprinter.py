"""Starting and stopping CUPS' `ippeveprinter`.

Needs the programs ippeveprinter, dbus-daemon and setpriv (Debian: cups-ipp-utils, dbus, util-linux). ippeveprinter
insists on a D-Bus system bus for DNS-SD, so it gets a private one. Nothing is announced on the network, and it
listens on localhost only. Both programs die with this process, however it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import httpx

PROGRAMS = ("ippeveprinter", "dbus-daemon", "setpriv")
NAME = "KioskA4"
START_S = 30.0
END_S = 3.0  # for a program that was asked to end


def missing_programs() -> list[str]:
    """What has to be installed before a `VirtualDocumentPrinter` can start."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


def free_port() -> int:
    """A TCP port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class IppevePrograms:
    """True while they run. In `run_dir` there are `spool`, and `command.sh`, run for each document."""

    def __init__(self, run_dir: Path, port: int) -> None:
        self._dir = run_dir
        self._port = port
        self._processes: list[asyncio.subprocess.Process] = []

    def __bool__(self) -> bool:
        return bool(self._processes)

    async def start(self, formats: Sequence[str]) -> None:
        """Until it answers; RuntimeError when it does not."""
        bus = self._dir / "bus"
        address = f"unix:path={bus}"
        bus.unlink(missing_ok=True)

        async def bus_is_up() -> bool:
            return bus.exists()

        await self._spawn("dbus-daemon", "--session", f"--address={address}", "--nofork", "--nopidfile")
        await self._until(bus_is_up, "the private D-Bus did not come up")
        await self._spawn(
            *("ippeveprinter", "-v", "-k", "-n", "localhost", "-p", str(self._port), "-r", "off"),
            *("-d", str(self._dir / "spool"), "-c", str(self._dir / "command.sh"), "-f", ",".join(formats), NAME),
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address},
        )
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as http:

            async def answers() -> bool:
                with contextlib.suppress(httpx.HTTPError):
                    return (await http.get(f"http://localhost:{self._port}/")).status_code == httpx.codes.OK
                return False

            await self._until(answers, "ippeveprinter does not answer")

    async def stop(self) -> bool:
        """Whether there was anything to stop."""
        processes, self._processes = self._processes[::-1], []
        for process in processes:
            await _end(process)
        return bool(processes)

    async def _spawn(self, *words: str, env: dict[str, str] | None = None) -> None:
        with (self._dir / f"{words[0]}.log").open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "KILL", *words),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=env,
                start_new_session=True,  # a group of its own: stopping takes the command in work along
            )
        self._processes.append(process)

    async def _until(self, condition: Callable[[], Awaitable[bool]], complaint: str) -> None:
        deadline = asyncio.get_running_loop().time() + START_S
        while not await condition():
            for process in self._processes:
                if process.returncode is not None:
                    raise RuntimeError(
                        f"a program of the virtual printer ended ({process.returncode}); see {self._dir}"
                    )
            if asyncio.get_running_loop().time() > deadline:
                raise RuntimeError(complaint)
            await asyncio.sleep(0.05)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask the process group to end, then make it."""
    for sig in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sig)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_S)
            return
