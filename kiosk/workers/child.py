"""The inside of a worker process: `python -P -m kiosk.workers.child SOCKET_FD PARENT_PID`.

Started as a module of its own and not with `multiprocessing`: the child never re-runs the kiosk's main module (and so
never imports Kivy), inherits neither environment nor descriptors that were not named for it, and leaves no resource
tracker behind.

A worker is a factory, named `"package.module:function"`, that takes its options and returns its handlers:

    def worker(options: dict[str, Any]) -> dict[str, Handler]:
        return {"add": lambda job: Answer({"sum": sum(job.body["terms"])})}
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.workers.wire import PREFIX, Kind, Message, lengths

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
NICENESS = 2  # the screen goes first


class WorkerUnfit(Exception):
    """Raised by a factory when this machine cannot do the work; the reason is a short code, no personal data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Job:
    """One request. `blob` is wiped when the handler returns."""

    body: dict[str, Any] = field(repr=False)
    blob: bytearray = field(repr=False)
    emit: Callable[[dict[str, Any]], None]


@dataclass(frozen=True, eq=False)
class Answer:
    body: dict[str, Any] = field(default_factory=dict, repr=False)
    blob: bytes = field(default=b"", repr=False)


Handler = Callable[[Job], Answer]
Factory = Callable[[dict[str, Any]], Mapping[str, Handler]]


def harden(parent: int) -> None:
    """Dies with the kiosk, leaves no core dump, can be read by no debugger, can write no file."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    if os.getppid() != parent:  # the kiosk died before PDEATHSIG was set
        raise SystemExit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # sockets, pipes and mapped memory stay possible
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)


class Channel:
    """The worker's end of the socket; blocking."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def receive(self) -> Message | None:
        """The next message; None when the kiosk has gone."""
        prefix = self._exactly(PREFIX.size)
        if prefix is None:
            return None
        header_size, blob_size = lengths(prefix)
        header, blob = self._exactly(header_size), self._exactly(blob_size)
        if header is None or blob is None:
            return None
        return Message.from_parts(header, blob)

    def send(self, message: Message) -> None:
        self._socket.sendall(message.to_bytes())

    def _exactly(self, size: int) -> bytearray | None:
        """Received in place, so that the only copy is the one that is wiped."""
        data = bytearray(size)
        view = memoryview(data)
        while view:
            count = self._socket.recv_into(view)
            if not count:
                return None
            view = view[count:]
        return data


def _place(error: BaseException) -> str:
    """Type and place of an exception. Not its text, which may quote what was being worked on."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} at {where}"


def _build(init: Message) -> Mapping[str, Handler]:
    module, _, name = str(init.body["target"]).partition(":")
    factory: Factory = getattr(importlib.import_module(module), name)
    return factory(init.body["options"])


def serve(channel: Channel) -> None:
    init = channel.receive()
    if init is None:
        return
    try:
        handlers = _build(init)
    except WorkerUnfit as unfit:
        channel.send(Message(Kind.UNFIT, {"reason": unfit.reason}))
        return
    except (Exception, SystemExit) as error:  # noqa: BLE001 - told to the kiosk; SystemExit: a library that quits on import
        channel.send(Message(Kind.UNFIT, {"reason": _place(error)}))
        return
    channel.send(Message(Kind.READY))
    while (request := channel.receive()) is not None:
        blob = request.blob if isinstance(request.blob, bytearray) else bytearray(request.blob)
        channel.send(_handle(channel, handlers, request, blob))


def _handle(channel: Channel, handlers: Mapping[str, Handler], request: Message, blob: bytearray) -> Message:
    def emit(body: dict[str, Any]) -> None:
        channel.send(Message(Kind.EVENT, body, id=request.id))

    try:
        answer = handlers[request.body["op"]](Job(request.body["args"], blob, emit))
        return Message(Kind.REPLY, answer.body, answer.blob, request.id)
    except OSError as error:
        if isinstance(error, (BrokenPipeError, ConnectionResetError)):
            raise SystemExit(0) from None
        return Message(Kind.BUG, {"where": _place(error)}, id=request.id)
    except Exception as error:  # noqa: BLE001 - told to the kiosk, which logs it
        return Message(Kind.BUG, {"where": _place(error)}, id=request.id)
    finally:
        blob[:] = bytes(len(blob))


def main(arguments: list[str]) -> None:
    harden(int(arguments[1]))
    with socket.socket(fileno=int(arguments[0])) as sock, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        serve(Channel(sock))


if __name__ == "__main__":
    # Handlers import `kiosk.workers.child`; this copy is `__main__`. Run the imported one, so that there is one Job.
    importlib.import_module("kiosk.workers.child").main(sys.argv[1:])
