"""What a process and all it started cost: processor time and memory, from /proc."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    cpu_s: float
    memory: int  # bytes; what several processes share is counted once (PSS)
    open_files: int  # the most of any one process


def family(roots: list[int]) -> list[int]:
    """These processes and their descendants."""
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            children[int(_fields(int(folder.name))[1])].append(int(folder.name))
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children[pid]
    return found


def cpu_s(roots: list[int]) -> float:
    """User and kernel time so far, of those that live and of the children that have ended."""
    total = 0
    for pid in family(roots):
        with contextlib.suppress(OSError, IndexError):
            total += sum(int(ticks) for ticks in _fields(pid)[11:15])
    return total / _TICK


def cost(roots: list[int]) -> Cost:
    memory, files = 0, 0
    for pid in family(roots):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    memory += int(line.split()[1]) * 1024
            files = max(files, len(os.listdir(f"/proc/{pid}/fd")))  # noqa: PTH208 - counted, not looked at
    return Cost(cpu_s(roots), memory, files)


def _fields(pid: int) -> list[str]:
    """Of /proc/PID/stat after the name, which may hold blanks: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
