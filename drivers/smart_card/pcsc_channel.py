"""The worker process as a byte stream, and questions to it: one at a time, none without a time-out."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from drivers.link.stream import LinkLost, ReceiveBuffer
from drivers.smart_card.messages import Answer, AnswerParser, Do, Question
from drivers.smart_card.pcsc_worker import EXIT_NO_LIBRARY

SOCKET_VARIABLE = "PCSCLITE_CSOCK_NAME"
_WORKER = "drivers.smart_card.pcsc_worker"
_ROOT = str(Path(__file__).resolve().parents[2])
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")  # no keys, no tokens


@dataclass(frozen=True)
class PcscTimings:
    """Seconds, by the names of the PC/SC calls. They are limits for a daemon that hangs: answers take milliseconds,
    except that powering a card up may take two seconds and a T=0 exchange one."""

    scard_list_readers: float = 3.0
    scard_get_status_change: float = 3.0  # beyond the wait that was asked for
    scard_connect: float = 6.0
    scard_transmit: float = 5.0
    scard_disconnect: float = 3.0
    worker_start: float = 10.0  # until its first answer; Python and the library have to be loaded
    card_poll: float = 0.3  # one SCardGetStatusChange while a card is waited for
    removal_notice: float = 0.6  # how long pcscd takes to see that a card has gone: it looks every 0.4 s
    sharing_grace: float = 2.0  # how long another program may keep the card
    retry_interval: float = 0.1
    status_interval: float = 2.0  # between two SCardListReaders while nobody reads
    connect_grace: float = 3.0  # how long a read waits for a reader that is just coming
    whole_card: float = 10.0  # all exchanges with one card

    def scaled(self, factor: float) -> PcscTimings:
        return PcscTimings(**{field.name: getattr(self, field.name) * factor for field in fields(self)})

    def answer(self, do: Do) -> float:
        return {
            Do.READERS: self.scard_list_readers,
            Do.WATCH: self.scard_get_status_change,
            Do.CONNECT: self.scard_connect,
            Do.TRANSMIT: self.scard_transmit,
            Do.DISCONNECT: self.scard_disconnect,
        }[do]


class WorkerStream(asyncio.SubprocessProtocol):
    """A `ByteStream` to a worker process; made by `start_worker`. Closing it ends the process, whatever it does."""

    def __init__(self) -> None:
        self._transport: asyncio.SubprocessTransport | None = None
        self._received = ReceiveBuffer()
        self._lost = asyncio.Event()
        self._closing = False

    def __repr__(self) -> str:
        return f"<WorkerStream {'open' if self.connected else 'lost'}>"

    # asyncio.SubprocessProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)  # noqa: S101 - for the type checker
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._received.feed(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._received.end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._received.end()
        self._lost.set()

    # ByteStream

    @property
    def connected(self) -> bool:
        return self._transport is not None and not self._closing and self._transport.get_returncode() is None

    @property
    def pid(self) -> int | None:
        return self._transport.get_pid() if self._transport is not None else None

    @property
    def exit_code(self) -> int | None:
        return self._transport.get_returncode() if self._transport is not None else None

    async def read(self, n: int) -> bytes:
        return await self._received.take(n)

    async def write(self, data: bytes) -> None:
        if not self.connected or self._transport is None:
            raise LinkLost("worker ended")
        pipe = self._transport.get_pipe_transport(0)
        assert isinstance(pipe, asyncio.WriteTransport)  # noqa: S101 - for the type checker
        pipe.write(data)  # one short question at a time: never more than a pipe holds

    def drain_input(self) -> int:
        return self._received.drain()

    async def wait_lost(self) -> None:
        await self._lost.wait()

    async def close(self) -> None:
        self._closing = True
        if self._transport is not None:
            if self._transport.get_returncode() is None:
                self._transport.kill()
            self._transport.close()
            await self._lost.wait()
        self._received.drain()


async def start_worker(socket: Path | None = None) -> WorkerStream:
    """LinkLost when no process can be started. `socket`: pcscd's, when it is not the system's."""
    loop = asyncio.get_running_loop()
    try:
        _, stream = await loop.subprocess_exec(
            WorkerStream,
            *(sys.executable, "-P", "-m", _WORKER),
            env=_environment(os.environ, socket),
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise LinkLost(f"cannot start the PC/SC worker: {type(error).__name__}") from error
    return stream


def _environment(ours: Mapping[str, str], socket: Path | None) -> dict[str, str]:
    kept = {name: ours[name] for name in _INHERITED if name in ours}
    kept["PYTHONPATH"] = _ROOT
    if socket is not None:
        kept[SOCKET_VARIABLE] = str(socket)
    return kept


class PcscChannel:
    """Speaks to one worker."""

    def __init__(self, stream: WorkerStream, timings: PcscTimings) -> None:
        self._stream = stream
        self._timings = timings
        self._parser = AnswerParser()
        self._turn = asyncio.Lock()
        self._number = 0
        self._abandoned_until = 0.0  # a call that nobody waits for any more may keep the worker busy until then
        self._answered = False  # at least once: it is up
        self.given_up = ""  # why the worker was ended or ended itself

    @property
    def alive(self) -> bool:
        return self._stream.connected

    async def ask(self, do: Do, *, reader: str = "", known: int = 0, wait_s: float = 0.0, apdu: bytes = b"") -> Answer:
        """May be cancelled at any moment: the next question passes over the answer to this one, and waits as much
        longer as this one may still take.

        LinkLost when the worker has ended or does not answer in time; it is ended then, for a call that hangs cannot be
        taken back.
        """
        async with self._turn:
            self._number += 1
            question = Question(self._number, do, reader, known, round(wait_s * 1000), apdu.hex())
            patience = self._timings.answer(do) + wait_s + (0.0 if self._answered else self._timings.worker_start)
            begun = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout_at(max(begun, self._abandoned_until) + patience):
                    await self._stream.write(question.to_bytes())
                    answer = await self._answer()
                self._abandoned_until = 0.0  # the worker answers in order
                return answer
            except asyncio.CancelledError:
                self._abandoned_until = max(self._abandoned_until, begun + patience)
                raise
            except TimeoutError:
                self.given_up = f"pcscd does not answer {_call(do)}"
                await self._stream.close()
                raise LinkLost(self.given_up) from None
            except LinkLost:
                if self._stream.exit_code == EXIT_NO_LIBRARY:
                    self.given_up = "the PC/SC library cannot be loaded (libpcsclite1, pyscard)"
                raise LinkLost(self.given_up or "PC/SC worker ended") from None

    async def _answer(self) -> Answer:
        while True:
            for answer in self._parser.feed(await self._stream.read(4096)):
                self._answered = True
                if answer.number == self._number:
                    return answer


def _call(do: Do) -> str:
    return {
        Do.READERS: "SCardListReaders",
        Do.WATCH: "SCardGetStatusChange",
        Do.CONNECT: "SCardConnect",
        Do.TRANSMIT: "SCardTransmit",
        Do.DISCONNECT: "SCardDisconnect",
    }[do]
