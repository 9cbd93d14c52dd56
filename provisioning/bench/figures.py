"""Collecting milliseconds, and writing them where docs and machines can read them."""

from __future__ import annotations

import json
import os
import platform
import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BENCH_DIR = Path("build/bench")


@dataclass
class Figures:
    """Samples in milliseconds, by what was measured."""

    name: str
    samples: dict[str, list[float]] = field(default_factory=dict)

    def add(self, what: str, ms: float) -> None:
        self.samples.setdefault(what, []).append(ms)

    def summary(self) -> dict[str, dict[str, float]]:
        """Median, 95th percentile (the largest of fewer than twenty) and how many there were."""
        return {
            what: {
                "median_ms": round(statistics.median(values), 1),
                "p95_ms": round(sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)], 1),
                "n": len(values),
            }
            for what, values in self.samples.items()
        }

    def write(self, folder: Path = BENCH_DIR) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        content = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
        path.write_text(json.dumps({**content, "figures": self.summary()}, indent=1) + "\n", "utf-8")
        return path

    def table(self) -> str:
        """Markdown, for docs/reference/performance.md."""
        rows = [
            f"| {what} | {figure['median_ms']:g} | {figure['p95_ms']:g} | {figure['n']:g} |"
            for what, figure in self.summary().items()
        ]
        return "\n".join(["| what | median ms | p95 ms | n |", "|---|---|---|---|", *rows])


def machine() -> dict[str, Any]:
    """What the figures depend on; nothing that names a machine."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        ),
        "?",
    )
    memory_kib = int(Path("/proc/meminfo").read_text("utf-8").split()[1])
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory_kib / 2**20, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_1m": round(os.getloadavg()[0], 2),
    }
