"""`make bench-content`: a catalogue of 20,000 items, from the editor's files to a terminal that searches them."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from content.build import CATALOGUE, build
from content.load import Pack, diff, load_pack
from content.pack_format import ROOT, read_root
from provisioning.bench import content_items
from provisioning.bench.figures import BENCH_DIR, machine

ITEMS = 20_000
_PROCESSES = 3  # fresh ones that load the pack; the median counts


@dataclass(frozen=True)
class Line:
    """One figure and the most it may be; None: told only."""

    what: str
    value: float
    unit: str
    most: float | None = None

    @property
    def missed(self) -> bool:
        return self.most is not None and self.value > self.most


def main() -> int:
    """The exit code: 1 when a figure is over its budget."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--items", type=int, default=ITEMS)
    options = arguments.parse_args()
    BENCH_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BENCH_DIR, prefix="content-") as folder:
        lines = _measure(Path(folder), options.items)
    print(f"| {options.items:,} items | measured | budget |")
    print("|---|---|---|")
    for line in lines:
        budget = "" if line.most is None else f"≤ {line.most:g} {line.unit}"
        print(f"| {line.what} | {line.value:.3g} {line.unit}{' **missed**' if line.missed else ''} | {budget} |")
    report = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "items": options.items,
        "figures": [vars(line) | {"missed": line.missed} for line in lines],
    }
    (BENCH_DIR / "content.json").write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return int(any(line.missed for line in lines))


def _measure(folder: Path, items: int) -> list[Line]:
    source = content_items.make(CATALOGUE, items, folder / "source")
    catalogue, out = folder / "source" / "catalogue", folder / "pack"
    idle_s = _processor_s()
    started = time.perf_counter()
    before = build(catalogue, out, today=date(2026, 11, 22))
    built_s = time.perf_counter() - started
    worked_s = _processor_s() - idle_s
    size = _size(before)
    fresh = sorted((_fresh(out) for _ in range(_PROCESSES)), key=lambda one: one["load_s"])[_PROCESSES // 2]

    after_dir = folder / "after"
    _change_one(catalogue)
    after = build(catalogue, after_dir, today=date(2026, 11, 22))
    root = read_root((after_dir / ROOT).read_bytes())
    changed = diff(before, root, lambda file: (after_dir / file.path).read_bytes())
    sent = sum(file.size for file in changed) + (after_dir / ROOT).stat().st_size
    started = time.perf_counter()
    load_pack(after_dir)
    switched_s = time.perf_counter() - started
    return [
        Line("source files", source / 1e6, "MB"),
        Line("lint and build", built_s, "s", 20),
        Line("lint and build, processor time", worked_s, "s"),
        Line("pack", size / 1e6, "MB"),
        Line("load in a fresh process", fresh["load_s"], "s", 0.5),
        Line("memory the loaded catalogue takes", fresh["grown_mb"], "MB", 60),
        Line("memory of that process in all", fresh["rss_mb"], "MB"),
        Line("search, median", fresh["search_median_ms"], "ms"),
        Line("search, p95", fresh["search_p95_ms"], "ms", 30),
        Line("one service read and verified", fresh["service_ms"], "ms"),
        Line("one changed service: files", len(changed) + 1, "files"),
        Line("one changed service: share of the pack", 100 * sent / _size(after), "%", 1),
        Line("one changed service: the new pack verified and read", switched_s, "s", 1),
    ]


def _change_one(catalogue: Path) -> None:
    file = sorted((catalogue / "services").iterdir())[7]
    item = json.loads(file.read_bytes())
    item["version"] += 1
    item["guide"]["notes"]["zh"] += "。"
    file.write_text(json.dumps(item, ensure_ascii=False), "utf-8")


def _processor_s() -> float:
    """Of this process and those it has started and waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _size(pack: Pack) -> int:
    return sum(file.size for file in pack.files()) + (pack.root / ROOT).stat().st_size


def _fresh(pack: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "provisioning.bench.content_reader", str(pack)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    sys.exit(main())
