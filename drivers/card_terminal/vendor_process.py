"""A vendor's bridge program as a child process: a library that crashes, hangs or floods us does so over there."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from contextlib import suppress

import structlog

from drivers.link.stream import LinkLost, ReceiveBuffer

log = structlog.get_logger()

_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "LD_LIBRARY_PATH")
_MOST_UNREAD = 16 * 1024  # bytes; a bridge that leaves so many requests unread is stuck


class ProcessStream(asyncio.SubprocessProtocol):
    """A `ByteStream`: one run of the program, its standard input and output. Made by `start_process`."""

    def __init__(self, exit_s: float) -> None:
        self._exit_s = exit_s
        self._transport: asyncio.SubprocessTransport | None = None
        self._received = ReceiveBuffer()
        self._exited = asyncio.Event()
        self._closing = False
        self.pid = 0

    def __repr__(self) -> str:  # asyncio's exception handler prints it
        return f"<ProcessStream {'open' if self.connected else 'lost'}>"

    # asyncio.SubprocessProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)  # noqa: S101 - for the type checker
        self._transport = transport
        self.pid = transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._received.feed(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self._received.end()

    def process_exited(self) -> None:
        self._received.end()
        self._exited.set()

    # ByteStream

    @property
    def connected(self) -> bool:
        return self._transport is not None and not self._closing and not self._exited.is_set()

    async def read(self, n: int) -> bytes:
        try:
            return await self._received.take(n)
        except LinkLost:
            raise LinkLost("bridge ended") from None

    async def write(self, data: bytes) -> None:
        pipe = self._transport.get_pipe_transport(0) if self._transport is not None and self.connected else None
        if not isinstance(pipe, asyncio.WriteTransport) or pipe.is_closing():
            raise LinkLost("bridge ended")
        if pipe.get_write_buffer_size() > _MOST_UNREAD:
            raise LinkLost("bridge does not read")
        pipe.write(data)

    def drain_input(self) -> int:
        return self._received.drain()

    async def wait_lost(self) -> None:
        await self._exited.wait()

    async def close(self) -> None:
        """End the program and its children: politely by the end of its input, then not."""
        if self._transport is None:
            return
        if not self._closing:
            self._closing = True
            if (pipe := self._transport.get_pipe_transport(0)) is not None:
                pipe.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._exited.wait(), self._exit_s)
        self.kill()
        await self._exited.wait()
        self._transport.close()
        self._received.drain()

    def kill(self) -> None:
        """At once, with whatever it started: it is stuck or mad."""
        self._closing = True
        if self.pid:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)


async def start_process(command: tuple[str, ...], exit_s: float = 2.0) -> ProcessStream:
    """Start the program in a process group of its own. LinkLost when it cannot be started.

    `exit_s`: from the end of its input to its end; then it is killed. Its error output is thrown away: nobody knows
    what a vendor's library writes there.
    """
    environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    try:
        _, stream = await asyncio.get_running_loop().subprocess_exec(
            lambda: ProcessStream(exit_s),
            *command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
        )
    except (OSError, ValueError) as error:
        raise LinkLost(f"bridge cannot be started: {type(error).__name__}") from error
    log.debug("card_terminal_bridge_started", pid=stream.pid)
    return stream
