"""Lines of a GPIO chip through libgpiod 2 (the kernel's GPIO uAPI v2, Linux 5.10 and later)."""

from __future__ import annotations

import asyncio
import errno
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import gpiod
from gpiod.line import Bias, Direction, Edge, Value

from drivers.cabinet.line_port import InputLine, LineId, Lines, OutputLine, Pull
from drivers.cabinet.off_loop import HungError, OffLoop
from drivers.link.stream import LinkLost

CONSUMER = "menkou"  # how `gpioinfo` shows who holds a line
CALL_S = 3.0  # a chip behind I2C or USB may hang
MAX_PENDING = 256  # edges nobody has asked for yet

_BIAS = {Pull.UP: Bias.PULL_UP, Pull.DOWN: Bias.PULL_DOWN, Pull.NONE: Bias.DISABLED}
# What drivers answer who cannot do a thing that was asked for; then it is asked for with less.
_CANNOT = {errno.EINVAL, errno.ENOTSUP, errno.ENXIO, errno.ENODEV, errno.ENOSYS}


def settings_of(
    inputs: Mapping[LineId, InputLine],
    outputs: Mapping[LineId, OutputLine],
    *,
    debounce: bool = True,
    edges: bool = True,
    bias: bool = True,
) -> dict[LineId, gpiod.LineSettings]:
    """What libgpiod is asked for. Never its active_low: polarity is ours, and one place is enough."""
    asked: dict[LineId, gpiod.LineSettings] = {}
    for line, want in inputs.items():
        asked[line] = gpiod.LineSettings(
            direction=Direction.INPUT,
            bias=_BIAS[want.pull] if bias else Bias.AS_IS,
            edge_detection=Edge.BOTH if edges else Edge.NONE,
            debounce_period=timedelta(seconds=want.debounce_s if debounce and edges else 0),
        )
    for line, give in outputs.items():
        asked[line] = gpiod.LineSettings(
            direction=Direction.OUTPUT, output_value=Value.ACTIVE if give.high else Value.INACTIVE
        )
    return asked


def _attempts(
    inputs: Mapping[LineId, InputLine], outputs: Mapping[LineId, OutputLine]
) -> Iterator[dict[LineId, gpiod.LineSettings]]:
    """From the best the chip may be able to do to the least: expanders have no edges, many no bias of their own (then
    the board has resistors). Our own debouncing does without any of it."""
    yield settings_of(inputs, outputs)
    yield settings_of(inputs, outputs, debounce=False)
    yield settings_of(inputs, outputs, bias=False)
    yield settings_of(inputs, outputs, bias=False, debounce=False)
    yield settings_of(inputs, outputs, edges=False)
    yield settings_of(inputs, outputs, edges=False, bias=False)


class GpiodLines:
    """`Lines` on one `gpiod.LineRequest`."""

    def __init__(self, request: Any, offsets: Mapping[int, LineId], inputs: list[LineId], calls: OffLoop) -> None:
        self._request = request
        self._by_offset = offsets
        self._inputs = inputs
        self._calls = calls
        self._pending: deque[tuple[LineId, bool]] = deque(maxlen=MAX_PENDING)
        self._news = asyncio.Event()
        self._lost: LinkLost | None = None
        self._fd: int = request.fd
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._readable)

    async def levels(self) -> Mapping[LineId, bool]:
        values = await self._call(lambda: self._request.get_values(self._inputs) if self._inputs else [])
        return {line: value == Value.ACTIVE for line, value in zip(self._inputs, values, strict=True)}

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
        await self._call(lambda: self._request.set_value(line, Value.ACTIVE if high else Value.INACTIVE))

    async def close(self) -> None:
        self._fail(LinkLost("lines given free"))
        # A call that still runs uses the request, in another thread: a file descriptor given free there may be
        # another's by then. It is given free when that call comes back, if ever.
        self._calls.when_idle(self._request.release)

    async def _call(self, work: Callable[[], Any]) -> Any:
        if self._lost is not None:
            raise self._lost
        try:
            return await self._calls.run(work, CALL_S)
        except (OSError, HungError) as error:
            lost = LinkLost(f"GPIO chip lost: {_named(error)}")
            self._fail(lost)
            raise lost from error

    def _readable(self) -> None:
        try:
            if self._request.wait_edge_events(0):  # never read blindly: a read without an event blocks
                for event in self._request.read_edge_events():
                    rising = event.event_type is event.Type.RISING_EDGE
                    self._pending.append((self._by_offset[event.line_offset], rising))
        except OSError as error:  # ENODEV: a chip on USB was pulled out
            self._fail(LinkLost(f"GPIO chip lost: {_named(error)}"))
        self._news.set()

    def _fail(self, reason: LinkLost) -> None:
        if self._lost is None:
            self._lost = reason
            self._loop.remove_reader(self._fd)
        self._news.set()


async def open_gpiod_lines(
    chip_path: str, inputs: Mapping[LineId, InputLine], outputs: Mapping[LineId, OutputLine]
) -> Lines:
    """A `LineOpener` for /dev/gpiochip*."""
    calls = OffLoop("gpio")
    taken: list[Any] = []

    def take() -> tuple[Any, dict[int, LineId]]:
        request, offsets = _request(chip_path, inputs, outputs)
        taken.append(request)
        return request, offsets

    try:
        request, offsets = await calls.run(take, CALL_S)
    except BaseException as error:
        # Lines that come late are nobody's: kept, they would be "held by another program" at every further attempt.
        calls.when_idle(lambda: [late.release() for late in taken])
        if isinstance(error, HungError):
            raise LinkLost(f"{chip_path} does not answer") from error
        raise
    return GpiodLines(request, offsets, list(inputs), calls)


def _request(
    chip_path: str, inputs: Mapping[LineId, InputLine], outputs: Mapping[LineId, OutputLine]
) -> tuple[Any, dict[int, LineId]]:
    try:
        with gpiod.Chip(chip_path) as chip:
            offsets: dict[int, LineId] = {}
            for line in (*inputs, *outputs):
                try:
                    offset = chip.line_offset_from_id(line)
                except (OSError, ValueError) as error:
                    raise LinkLost(f"{chip_path} has no line {line}") from error
                if offset in offsets:
                    raise LinkLost(f"{chip_path}: {offsets[offset]} and {line} are the same line")
                offsets[offset] = line
            return _try(chip, chip_path, inputs, outputs), offsets
    except OSError as error:
        raise LinkLost(f"{chip_path}: {_named(error)}") from error


def _try(chip: Any, chip_path: str, inputs: Mapping[LineId, InputLine], outputs: Mapping[LineId, OutputLine]) -> Any:
    refusal: OSError | None = None
    for asked in _attempts(inputs, outputs):
        try:
            return chip.request_lines(config=asked, consumer=CONSUMER)
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise LinkLost(_held(chip, chip_path, asked)) from error
            if error.errno not in _CANNOT:
                raise
            refusal = error
    assert refusal is not None  # noqa: S101 - there is always a first attempt
    raise refusal


def _held(chip: Any, chip_path: str, asked: Mapping[LineId, object]) -> str:
    """Which line it is, and by whom it is held."""
    for line in asked:
        info = chip.get_line_info(line)
        if info.used:
            return f"line {line} of {chip_path} is held by another program ({info.consumer or 'the kernel'})"
    return f"a line of {chip_path} was held by another program a moment ago"


def _named(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
