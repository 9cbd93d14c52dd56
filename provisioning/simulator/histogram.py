"""Latencies counted in buckets: any number of them in 15 KiB, to within 1 %, and two histograms can be added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_SUB = 64  # buckets of each doubling
_BASE = 10e-6  # seconds; below it everything is one bucket
_DOUBLINGS = 30  # up to three hours


class Histogram:
    def __init__(self, counts: Mapping[int, int] | None = None, total_s: float = 0.0, worst_s: float = 0.0) -> None:
        self._counts: dict[int, int] = dict(counts or {})
        self.total_s = total_s
        self.worst_s = worst_s

    def add(self, seconds: float) -> None:
        index = _bucket(seconds)
        self._counts[index] = self._counts.get(index, 0) + 1
        self.total_s += seconds
        if seconds > self.worst_s:
            self.worst_s = seconds

    def merge(self, other: Histogram) -> None:
        for index, count in other._counts.items():
            self._counts[index] = self._counts.get(index, 0) + count
        self.total_s += other.total_s
        self.worst_s = max(self.worst_s, other.worst_s)

    @property
    def count(self) -> int:
        return sum(self._counts.values())

    def at(self, share: float) -> float:
        """The latency in seconds that this share (0 to 1) did not exceed; the bucket's upper edge. 0 without any."""
        wanted = share * self.count
        seen = 0
        for index in sorted(self._counts):
            seen += self._counts[index]
            if seen >= wanted and seen:
                return min(_upper(index), self.worst_s)
        return 0.0

    # For sending to another process

    def as_list(self) -> list[float]:
        flat: list[float] = [self.total_s, self.worst_s]
        for index, count in self._counts.items():
            flat += (index, count)
        return flat

    @classmethod
    def from_list(cls, flat: Iterable[float]) -> Histogram:
        total, worst, *pairs = flat
        return cls({int(i): int(n) for i, n in zip(pairs[::2], pairs[1::2], strict=True)}, total, worst)


def _bucket(seconds: float) -> int:
    """0 for up to `_BASE`, then `_SUB` equal steps for each doubling."""
    ratio = seconds / _BASE
    if ratio <= 1:
        return 0
    doubling = int(ratio).bit_length() - 1
    if doubling >= _DOUBLINGS:
        return _DOUBLINGS * _SUB
    return 1 + doubling * _SUB + int((ratio / (1 << doubling) - 1) * _SUB)


def _upper(index: int) -> float:
    if index == 0:
        return _BASE
    doubling, step = divmod(index - 1, _SUB)
    return _BASE * float(1 << doubling) * (1 + (step + 1) / _SUB)
