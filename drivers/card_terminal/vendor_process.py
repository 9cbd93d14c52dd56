"""A vendor's bridge program as a child process: a library that crashes, hangs or floods us does so over there."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

import structlog

from drivers.link.stream import LinkLost

log = structlog.get_logger()

_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "LD_LIBRARY_PATH")
_MAY_WRITE_S = 10.0  # a bridge that reads nothing for so long is stuck


class ProcessStream:
    """A `ByteStream`: one run of the program, its standard input and output. Made by `start_process`."""

    def __init__(self, process: asyncio.subprocess.Process, exit_s: float) -> None:
        self._process = process
        self._exit_s = exit_s
        self._closed = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def connected(self) -> bool:
        return not self._closed and self._process.returncode is None

    async def read(self, n: int) -> bytes:
        stdout = self._process.stdout
        data = await stdout.read(n) if stdout is not None and not self._closed else b""
        if not data:
            raise LinkLost("bridge ended")
        return data

    async def write(self, data: bytes) -> None:
        stdin = self._process.stdin
        if stdin is None or not self.connected:
            raise LinkLost("bridge ended")
        try:
            stdin.write(data)
            async with asyncio.timeout(_MAY_WRITE_S):
                await stdin.drain()
        except (ConnectionError, TimeoutError) as error:
            raise LinkLost("bridge does not read") from error

    def drain_input(self) -> int:
        return 0  # lines are matched by their numbers

    async def wait_lost(self) -> None:
        await self._process.wait()

    async def close(self) -> None:
        """End the program and its children: politely by the end of its input, then not."""
        if not self._closed:
            self._closed = True
            if self._process.stdin is not None:
                self._process.stdin.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), self._exit_s)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)  # whatever it started, too
        await self._process.wait()

    def kill(self) -> None:
        """At once: it is stuck or mad."""
        self._closed = True
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


async def start_process(command: tuple[str, ...], exit_s: float = 2.0) -> ProcessStream:
    """Start the program in a process group of its own. LinkLost when it cannot be started.

    `exit_s`: from the end of its input to its end; then it is killed. Its error output is thrown away: nobody knows
    what a vendor's library writes there.
    """
    environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
        )
    except (OSError, ValueError) as error:
        raise LinkLost(f"bridge cannot be started: {type(error).__name__}") from error
    log.info("card_terminal_bridge_started", pid=process.pid)
    return ProcessStream(process, exit_s)
