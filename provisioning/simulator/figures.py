"""What a run has counted and timed; sums of several processes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from provisioning.simulator.histogram import Histogram


class Figures:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.latencies: dict[str, Histogram] = {}

    def time(self, what: str, seconds: float) -> None:
        self.latency(what).add(seconds)

    def latency(self, what: str) -> Histogram:
        found = self.latencies.get(what)
        if found is None:
            found = self.latencies[what] = Histogram()
        return found

    def merge(self, other: Figures) -> None:
        self.counts.update(other.counts)
        for what, histogram in other.latencies.items():
            self.latency(what).merge(histogram)

    def with_prefix(self, prefix: str) -> dict[str, int]:
        return {name: count for name, count in sorted(self.counts.items()) if name.startswith(prefix)}

    def as_dict(self) -> dict[str, Any]:
        return {
            "counts": dict(self.counts),
            "latencies": {what: histogram.as_list() for what, histogram in self.latencies.items()},
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Figures:
        figures = cls()
        figures.counts.update(data["counts"])
        figures.latencies = {what: Histogram.from_list(flat) for what, flat in data["latencies"].items()}
        return figures

    def table(self) -> str:
        lines = []
        for what, histogram in sorted(self.latencies.items()):
            at = "  ".join(f"p{share * 100:g} {histogram.at(share) * 1e3:.1f}" for share in (0.5, 0.95, 0.99))
            lines.append(f"{what:<12} {histogram.count:>9,}  {at}  worst {histogram.worst_s * 1e3:.1f} ms")
        lines += [f"{name:<32} {count:>9,}" for name, count in sorted(self.counts.items())]
        return "\n".join(lines)
