"""What a terminal does with a pack, in a process of its own: `python -m provisioning.bench.content_reader DIR`."""

from __future__ import annotations

import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from content.load import load_pack

# As residents type them: hanzi, pinyin, initials, English; frequent, seldom, and not there at all.
_QUERIES = [
    "社保",
    "公积金",
    "s",
    "sb",
    "she",
    "shebao",
    "gjj",
    "zm",
    "zhengming",
    "证明",
    "证",
    "补贴",
    "butie",
    "水费",
    "sf",
    "dianfei",
    "insurance",
    "tax",
    "proof",
    "bill",
    "青口",
    "qk",
    "渔民备案",
    "yumin",
    "yuminbeian",
    "残疾人",
    "zzz",
    "学区房",
    "xqf",
    "12345",
    "退役军人换发",
    "property",
    "9",
    "营业执照",
    "yyzz",
    "zhizhao",
    "松岭老人养老",
    "slly",
    "医保",
    "yb",
    "jz",
    "jzz",
    "w",
    "water",
    "w9",
    "云台企业许可",
    "ytqyxk",
    "xx",
    "hhhh",
    "居民户口簿",
    "印章",
    "qing",
    "kou",
    "she",
    "bao",
]


def main(directory: Path) -> None:
    gc.collect()
    before = _rss_mb()
    started = time.perf_counter()
    pack = load_pack(directory)
    load_s = time.perf_counter() - started
    after = _rss_mb()
    search = [_ms(partial(pack.search, query)) for query in _QUERIES for _ in range(5)]
    chosen = random.Random(1).sample([brief.id for brief in pack.briefs], min(200, len(pack.briefs)))  # noqa: S311
    service = [_ms(partial(pack.services.get, name)) for name in chosen]
    figures = {
        "load_s": load_s,
        "grown_mb": after - before,
        "rss_mb": after,
        "search_median_ms": statistics.median(search),
        "search_p95_ms": _p95(search),
        "service_ms": statistics.median(service),
    }
    print(json.dumps(figures))


def _ms(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def _rss_mb() -> float:
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise OSError("no VmRSS in /proc/self/status")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
