"""Lines behind a Unix socket (`line_messages`): the virtual cabinet's, or a program's that knows a maker's board."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping

from drivers.cabinet.line_messages import (
    READ,
    Done,
    Level,
    MessageParser,
    Word,
    set_output,
    take_input,
    take_output,
)
from drivers.cabinet.line_port import InputLine, LineId, Lines, OutputLine
from drivers.link.stream import LinkLost
from drivers.link.trace import Way, trace

ANSWER_S = 3.0
MAX_PENDING = 256


class SocketLines:
    """`Lines` over one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._parser = MessageParser()
        self._inputs: frozenset[LineId] = frozenset()
        self._levels: dict[LineId, bool] = {}  # told since the last READ, of lines taken
        self._pending: deque[tuple[LineId, bool]] = deque(maxlen=MAX_PENDING)
        self._answer: asyncio.Future[Done | LinkLost] | None = None
        self._turn = asyncio.Lock()
        self._news = asyncio.Event()
        self._lost: LinkLost | None = None
        self._listener = asyncio.create_task(self._listen())

    async def take(self, inputs: Mapping[LineId, InputLine], outputs: Mapping[LineId, OutputLine]) -> None:
        """LinkLost when a line cannot be had."""
        self._inputs = frozenset(inputs)
        asked = {line: take_input(line, want) for line, want in inputs.items()}
        asked |= {line: take_output(line, give) for line, give in outputs.items()}
        for line, command in asked.items():
            done = await self._ask(command)
            if done.word is Word.BUSY:
                raise LinkLost(f"line {line} is held by another program ({done.who or 'unknown'})")
            if done.word is not Word.OK:
                raise LinkLost(f"there is no line {line}")

    async def levels(self) -> Mapping[LineId, bool]:
        self._levels.clear()  # what was told before may be true no longer
        if (await self._ask(READ)).word is not Word.OK:
            raise self._fail("the box cannot read its lines")
        if missing := sorted(str(line) for line in self._inputs - self._levels.keys()):
            raise self._fail(f"line {missing[0]} not told")
        return dict(self._levels)

    async def changes(self) -> list[tuple[LineId, bool]]:
        while not self._pending:
            if self._lost is not None:
                raise self._lost
            self._news.clear()
            await self._news.wait()
        taken = list(self._pending)
        self._pending.clear()
        return taken

    async def set_level(self, line: LineId, high: bool) -> None:
        if (await self._ask(set_output(line, high))).word is not Word.OK:
            raise LinkLost(f"line {line} cannot be set")

    async def close(self) -> None:
        self._listener.cancel()
        await asyncio.wait([self._listener])
        self._fail("closed")

    async def _ask(self, command: bytes) -> Done:
        async with self._turn:
            if self._lost is not None:
                raise self._lost
            self._answer = asyncio.get_running_loop().create_future()
            trace("cabinet", Way.OUT, "lines", command)
            self._writer.write(command)
            try:
                async with asyncio.timeout(ANSWER_S):
                    await self._writer.drain()
                    answer = await self._answer
            except TimeoutError:
                raise self._fail("the box does not answer") from None
            except OSError as error:
                raise self._fail(f"the box is gone ({type(error).__name__})") from error
            except asyncio.CancelledError:
                # The answer would be taken for the next command's.
                self._fail("a command was given up")
                raise
            finally:
                self._answer = None
            if isinstance(answer, LinkLost):
                raise answer
            return answer

    async def _listen(self) -> None:
        try:
            while data := await self._reader.read(4096):
                trace("cabinet", Way.IN, "lines", data)
                for message in self._parser.feed(data):
                    self._heard(message)
        except OSError:
            pass
        self._fail("the box is gone")

    def _heard(self, message: Level | Done) -> None:
        if isinstance(message, Level):
            if message.line not in self._inputs:
                return
            self._levels[message.line] = message.high
            self._pending.append((message.line, message.high))
            self._news.set()
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(message)

    def _fail(self, reason: str) -> LinkLost:
        if self._lost is None:
            self._lost = LinkLost(reason)
            self._writer.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(self._lost)
        self._news.set()
        return self._lost


async def open_socket_lines(
    path: str, inputs: Mapping[LineId, InputLine], outputs: Mapping[LineId, OutputLine]
) -> Lines:
    """A `LineOpener` for unix:PATH."""
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_unix_connection(path)
    except (OSError, TimeoutError) as error:
        raise LinkLost(f"no box behind {path} ({type(error).__name__})") from error
    lines = SocketLines(reader, writer)
    try:
        await lines.take(inputs, outputs)
    except BaseException:
        await lines.close()
        raise
    return lines
