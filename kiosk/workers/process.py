"""A worker process as the kiosk sees it: `await worker.request(...)` gives a reply or a fault, never a hang.

    worker = WorkerProcess("kiosk.workers.pdf_raster:worker", name="pdf")
    match await worker.request("page_count", blob=pdf, timeout_s=10):
        case Reply(body=body): ...
        case WorkerFault() as fault: ...

One request at a time; others wait. Nothing here blocks the loop: the socket is watched with `add_reader`, the start of
a process is a vfork. A request that runs out of time, or is cancelled, ends the process at once, and with it whatever
it held (a camera, a face); the next request, or `start`, begins a new one. A process that dies again and again is
left to rest for growing spells instead of being started in a loop.

Create and start it in the thread whose end is the kiosk's end (the main thread): the kernel's parent-death signal
follows the thread that forked.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog

from kiosk.workers.wire import Kind, Message, Unpacker, WireError

log = structlog.get_logger()

# All a worker is told of the kiosk's environment. Keys, tokens and addresses of the backend are not in it.
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")
_FIXED = {
    "OMP_NUM_THREADS": "1",  # one worker, one core: the other draws the screen
    "OPENBLAS_NUM_THREADS": "1",
    "OPENCV_LOG_LEVEL": "ERROR",
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "2",  # seconds; the default of ten outlives our patience
    "PYTHONWARNINGS": "ignore",
}
_ROOT = str(Path(__file__).resolve().parents[2])
_QUICK_DEATHS = 3  # after so many in a row it rests
_LONGEST_REST_S = 300.0
STILL_ALIVE = "does not end"


class WorkerFaultKind(StrEnum):
    DIED = "died"  # the process ended in the middle (killed, SIGILL on an old processor, …)
    TIMEOUT = "timeout"
    UNFIT = "unfit"  # its factory says this machine cannot do the work
    BUG = "bug"  # its handler raised
    RESTING = "resting"  # died too often; not tried again yet


@dataclass(frozen=True)
class WorkerFault:
    """`detail` is for technicians: a signal's name, a place in the code; no personal data."""

    kind: WorkerFaultKind
    detail: str = ""


@dataclass(frozen=True, eq=False)
class Reply:
    body: dict[str, Any] = field(repr=False)
    blob: bytes = field(default=b"", repr=False)


EventHandler = Callable[[dict[str, Any]], None]


class _Running:
    """One living process and its socket."""

    def __init__(self, process: subprocess.Popen[bytes], sock: socket.socket) -> None:
        self.process = process
        self.socket = sock
        self.unpacker = Unpacker()
        self.messages: asyncio.Queue[Message | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._readable)

    def _readable(self) -> None:
        try:
            data = self.socket.recv(1 << 18)
            for message in self.unpacker.feed(data):
                self.messages.put_nowait(message)
        except (BlockingIOError, InterruptedError):
            return
        except (OSError, WireError):
            data = b""
        if not data:
            self._loop.remove_reader(self.socket.fileno())
            self.messages.put_nowait(None)

    async def send(self, message: Message) -> bool:
        try:
            await self._loop.sock_sendall(self.socket, message.to_bytes())
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Kill and let go, at once and without waiting."""
        if self.socket.fileno() != -1:
            self._loop.remove_reader(self.socket.fileno())
            self.socket.close()
        self.messages.put_nowait(None)
        if self.process.poll() is None:
            self.process.kill()

    async def reaped(self, limit_s: float = 5.0) -> str:
        """Waits until the kernel has taken the process apart; says how it ended."""
        give_up = time.monotonic() + limit_s
        while (code := self.process.poll()) is None:
            if time.monotonic() > give_up:
                return STILL_ALIVE
            await asyncio.sleep(0.01)
        if code >= 0:
            return f"exit {code}"
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"


class WorkerProcess:
    """A worker that is started when needed and replaced when it fails."""

    def __init__(
        self,
        target: str,
        options: Mapping[str, Any] | None = None,
        *,
        name: str,
        pass_fds: Sequence[int] = (),
        start_timeout_s: float = 60.0,
    ) -> None:
        """`target` is `"module:factory"`; `options` must be JSON; `pass_fds` keep their numbers in the child."""
        self._target = target
        self._options = dict(options or {})
        self._name = name
        self._pass_fds = tuple(pass_fds)
        self._start_timeout_s = start_timeout_s
        self._running: _Running | None = None
        self._busy = asyncio.Lock()
        self._ids = 0
        self._deaths = 0
        self._rest_until = 0.0

    @property
    def pid(self) -> int | None:
        """Of the living process; None when there is none."""
        return self._running.process.pid if self._running else None

    async def start(self) -> WorkerFault | None:
        """Ready for a request when this returns None."""
        async with self._busy:
            running = await self._ensure()
            return running if isinstance(running, WorkerFault) else None

    async def request(
        self,
        op: str,
        args: Mapping[str, Any] | None = None,
        blob: bytes = b"",
        *,
        timeout_s: float,
        on_event: EventHandler | None = None,
    ) -> Reply | WorkerFault:
        """Ask, and wait at most `timeout_s` (starting the process is not counted). Cancelling ends the process."""
        async with self._busy:
            running = await self._ensure()
            if isinstance(running, WorkerFault):
                return running
            self._ids += 1
            message = Message(Kind.REQUEST, {"op": op, "args": dict(args or {})}, blob, self._ids)
            try:
                async with asyncio.timeout(timeout_s):
                    reply = await self._exchange(running, message, on_event)
            except TimeoutError:
                await self._end()
                log.warning("worker_timed_out", worker=self._name, op=op)
                return WorkerFault(WorkerFaultKind.TIMEOUT, op)
            except BaseException:  # cancelled, or the event handler raised: nothing may go on working for nobody
                await self._end()
                raise
            if reply is None:
                return await self._died(running)
            if reply.kind is Kind.BUG:
                where = str(reply.body.get("where", ""))
                log.error("worker_bug", worker=self._name, op=op, where=where)
                return WorkerFault(WorkerFaultKind.BUG, where)
            self._deaths = 0
            return Reply(reply.body, bytes(reply.blob))

    async def stop(self) -> None:
        """End the process, whatever it is doing. It may be started again."""
        await self._end()

    async def _exchange(self, running: _Running, message: Message, on_event: EventHandler | None) -> Message | None:
        if not await running.send(message):
            return None
        while (answer := await running.messages.get()) is not None:
            if answer.id != message.id:
                continue
            if answer.kind is not Kind.EVENT:
                return answer
            if on_event is not None:
                on_event(answer.body)
        return None

    async def _ensure(self) -> _Running | WorkerFault:
        running = self._running
        if running is not None and running.process.poll() is None and running.socket.fileno() != -1:
            return running
        if running is not None:
            await self._end()
        if time.monotonic() < self._rest_until:
            return WorkerFault(WorkerFaultKind.RESTING, self._name)
        began = time.monotonic()
        running = self._running = self._spawn()
        init = Message(Kind.INIT, {"target": self._target, "options": self._options})
        try:
            async with asyncio.timeout(self._start_timeout_s):
                ready = await running.messages.get() if await running.send(init) else None
        except TimeoutError:
            await self._end()
            self._count_death()
            return WorkerFault(WorkerFaultKind.TIMEOUT, "start")
        except BaseException:
            await self._end()
            raise
        if ready is None:
            return await self._died(running)
        if ready.kind is not Kind.READY:
            await self._end()
            reason = str(ready.body.get("reason", ""))
            log.error("worker_unfit", worker=self._name, reason=reason)
            return WorkerFault(WorkerFaultKind.UNFIT, reason)
        log.info("worker_started", worker=self._name, ms=round((time.monotonic() - began) * 1000))
        return running

    def _spawn(self) -> _Running:
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)
            environment = {key: os.environ[key] for key in _INHERITED if key in os.environ} | _FIXED
            environment["PYTHONPATH"] = _ROOT
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "kiosk.workers.child", str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), *self._pass_fds),
                env=environment,
                cwd="/",
                start_new_session=True,  # Ctrl-C is the kiosk's to handle
            )
        return _Running(process, ours)

    async def _died(self, running: _Running) -> WorkerFault:
        stopped = self._running is not running  # by `stop`, while we waited
        if not stopped:
            self._running = None
        # The socket closes a moment before the process has ended: let it say its own last word first.
        how = await running.reaped(0.5)
        running.close()
        if how == STILL_ALIVE:
            how = await running.reaped()
        if not stopped:
            self._count_death()
            log.error("worker_died", worker=self._name, how=how)
        return WorkerFault(WorkerFaultKind.DIED, "stopped" if stopped else how)

    def _count_death(self) -> None:
        self._deaths += 1
        if self._deaths >= _QUICK_DEATHS:
            self._rest_until = time.monotonic() + min(_LONGEST_REST_S, 2.0**self._deaths)

    async def _end(self) -> None:
        """Killed before the first await, so that a second cancellation changes nothing."""
        running, self._running = self._running, None
        if running is not None:
            running.close()
            await running.reaped()
