"""The table of the fleet's figures: measured, budget, met or not."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from provisioning.bench.figures import BENCH_DIR, machine


@dataclass(frozen=True)
class Row:
    """`met`: None where there is no budget, or where this run says nothing about it."""

    what: str
    measured: str
    budget: str = "–"
    met: bool | None = None
    note: str = ""


@dataclass
class Report:
    title: str
    rows: list[Row] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)  # the raw figures, for machines

    def add(self, what: str, measured: str, budget: str = "–", met: bool | None = None, note: str = "") -> None:
        self.rows.append(Row(what, measured, budget, met, note))

    def fault(self, what: str, why: str) -> None:
        """A part that could not be measured is a miss, not a gap in the table."""
        self.rows.append(Row(what, "not measured", "–", False, why))

    @property
    def missed(self) -> list[str]:
        return [row.what for row in self.rows if row.met is False]

    def table(self) -> str:
        lines = [f"{self.title}", "", "| what | measured | budget | met | note |", "|---|---|---|---|---|"]
        words = {True: "yes", False: "**no**", None: "–"}
        lines += [f"| {r.what} | {r.measured} | {r.budget} | {words[r.met]} | {r.note} |" for r in self.rows]
        facts = machine()
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        lines += ["", f"Machine: {', '.join(f'{name} {value}' for name, value in facts.items())}; load now {load}."]
        return "\n".join(lines)

    def write(self, folder: Path = BENCH_DIR) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "fleet.json"
        content = {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "title": self.title,
            "machine": machine(),
            "rows": [asdict(row) for row in self.rows],
            "values": self.values,
        }
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
        return path


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms" if seconds < 0.1 else f"{seconds * 1e3:.0f} ms"
