"""A GPIO chip as libgpiod 2 shows it, without a kernel: the calls our code makes, and nothing else.

`test_gpiod_lines` holds the signatures against the real ones.
"""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Iterable
from datetime import timedelta
from types import SimpleNamespace, TracebackType
from typing import Any

import gpiod
from gpiod.line import Bias, Direction, Edge, Value

LineId = int | str


class FakeChipHardware:
    """What is behind the path. `cannot`: errno by the feature a chip does not have."""

    def __init__(self, lines: int = 32, names: dict[str, int] | None = None) -> None:
        self.lines = lines
        self.names = names or {}
        self.holders: dict[int, str] = {}
        self.high: dict[int, bool] = {}
        self.cannot: dict[str, int] = {}
        self.requests: list[FakeRequest] = []
        self.asked: list[dict[LineId, gpiod.LineSettings]] = []
        self.gone = False

    def offset(self, line: LineId) -> int:
        if isinstance(line, str):
            if line not in self.names:
                raise OSError(errno.ENOENT, "no such line")
            return self.names[line]
        if line >= self.lines:
            raise ValueError("line offset of out range")
        return line

    def set(self, offset: int, high: bool) -> None:
        """The level on the wire changes."""
        if self.high.get(offset, True) is high:
            return
        self.high[offset] = high
        for request in self.requests:
            request.edge(offset, high)

    def unplug(self) -> None:
        self.gone = True
        for request in self.requests:
            request.hang_up()


class FakeChip:
    hardware: FakeChipHardware  # of the test
    path = "/dev/gpiochip7"

    def __init__(self, path: str) -> None:
        if path != self.path or self.hardware.gone:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    def __enter__(self) -> FakeChip:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def line_offset_from_id(self, id: str | int) -> int:  # noqa: A002 - its name there
        return self.hardware.offset(id)

    def get_line_info(self, line: int | str) -> Any:
        holder = self.hardware.holders.get(self.hardware.offset(line))
        return SimpleNamespace(used=holder is not None, consumer=holder or "")

    def request_lines(
        self,
        config: dict[LineId, gpiod.LineSettings],
        consumer: str | None = None,
        event_buffer_size: int | None = None,
        output_values: dict[LineId, Value] | None = None,
    ) -> FakeRequest:
        hardware = self.hardware
        hardware.asked.append(config)
        for settings in config.values():
            features = {
                "edges": settings.edge_detection is not Edge.NONE,
                "debounce": settings.debounce_period > timedelta(),
                "bias": settings.bias not in (Bias.AS_IS, Bias.UNKNOWN),
            }
            for feature, number in hardware.cannot.items():
                if features[feature]:
                    raise OSError(number, os.strerror(number))
        offsets = {hardware.offset(line): line for line in config}
        if any(offset in hardware.holders for offset in offsets):
            raise OSError(errno.EBUSY, "Device or resource busy")
        request = FakeRequest(hardware, config, offsets)
        hardware.requests.append(request)
        hardware.holders |= dict.fromkeys(offsets, consumer or "?")
        return request


class FakeRequest:
    def __init__(
        self, hardware: FakeChipHardware, config: dict[LineId, gpiod.LineSettings], offsets: dict[int, LineId]
    ) -> None:
        self._hardware = hardware
        self._config = config
        self._offsets = offsets
        self._events: list[tuple[int, bool]] = []
        self._in, self._out = os.pipe()
        self.released = False
        for offset, line in offsets.items():
            if config[line].direction is Direction.OUTPUT:
                hardware.high[offset] = config[line].output_value is Value.ACTIVE

    @property
    def fd(self) -> int:
        return self._in

    def get_values(self, lines: Iterable[int | str] | None = None) -> list[Value]:
        if self._hardware.gone:
            raise OSError(errno.ENODEV, "No such device")
        assert lines, "an empty list means all lines there"
        levels = (self._hardware.high.get(self._hardware.offset(line), True) for line in lines)
        return [Value.ACTIVE if high else Value.INACTIVE for high in levels]

    def set_value(self, line: int | str, value: Value) -> None:
        if self._hardware.gone:
            raise OSError(errno.ENODEV, "No such device")
        self._hardware.high[self._hardware.offset(line)] = value is Value.ACTIVE

    def wait_edge_events(self, timeout: timedelta | float | None = None) -> bool:
        assert timeout == 0
        return bool(select.select([self._in], [], [], 0)[0])

    def read_edge_events(self, max_events: int | None = None) -> list[gpiod.EdgeEvent]:
        if self._hardware.gone:
            raise OSError(errno.ENODEV, "No such device")
        assert self._events, "this would block"
        os.read(self._in, 4096)
        events, self._events = self._events, []
        kinds = {True: gpiod.EdgeEvent.Type.RISING_EDGE, False: gpiod.EdgeEvent.Type.FALLING_EDGE}
        return [gpiod.EdgeEvent(kinds[high].value, 0, offset, 0, 0) for offset, high in events]

    def release(self) -> None:
        self.released = True
        self._hardware.requests.remove(self)
        for offset in self._offsets:
            self._hardware.holders.pop(offset, None)
        os.close(self._in)
        os.close(self._out)

    # the kernel's side

    def edge(self, offset: int, high: bool) -> None:
        line = self._offsets.get(offset)
        if line is not None and self._config[line].edge_detection is Edge.BOTH:
            self._events.append((offset, high))
            os.write(self._out, b"!")

    def hang_up(self) -> None:
        os.write(self._out, b"!")
