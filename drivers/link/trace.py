"""Shows a technician what goes over the wires: `menkou devices trace NAME`.

Drivers call `trace` for every frame, from the driver (not from the codec), with what is secret in it named by the
driver: it alone knows. While nobody watches, which is always on a terminal at work, a call costs one comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    OUT = ">"  # to the device
    IN = "<"  # from the device
    NOTE = "·"  # neither: connected, lost, timed out


@dataclass(frozen=True)
class Traced:
    """One frame. `data` is None for every byte that is nobody's business."""

    device: str
    way: Way
    label: str
    data: tuple[int | None, ...]

    def hex(self, limit: int = 48) -> str:
        """`AA 96 ·· ··`: blanked bytes as dots; long frames are cut, with their length behind."""
        shown = " ".join("··" if byte is None else f"{byte:02X}" for byte in self.data[:limit])
        return shown if len(self.data) <= limit else f"{shown} … ({len(self.data)} bytes)"


Sink = Callable[[Traced], None]
_sinks: list[Sink] = []


def trace(device: str, way: Way, label: str, data: bytes = b"", secret: Sequence[slice] = ()) -> None:
    """`secret`: the parts of `data` that may hold personal data, card data or codes; `slice(None)` blanks it all."""
    if not _sinks:
        return
    shown: list[int | None] = list(data)
    for part in secret:
        for index in range(*part.indices(len(shown))):
            shown[index] = None
    traced = Traced(device, way, label, tuple(shown))
    for sink in _sinks:
        sink(traced)


@contextmanager
def watch(sink: Sink) -> Iterator[None]:
    """Give every frame to `sink` while the block runs."""
    _sinks.append(sink)
    try:
        yield
    finally:
        _sinks.remove(sink)
