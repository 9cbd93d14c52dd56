"""`make soak-drivers`: 10,000 card reads and 10,000 receipts while things break at random on the other side.

Fails when file descriptors, tasks or memory grow, when a card is read wrongly, or when a receipt was called printed
that did not come out, or called not printed although it did.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import structlog
import typer

from drivers.id_reader.channel import SdtTimings
from drivers.id_reader.driver import SdtIdReader, SdtSettings
from drivers.id_reader.port import IdCard
from drivers.link.serial import SerialSettings
from drivers.link.supervise import Backoff
from drivers.receipt_printer.driver import EscPosReceiptPrinter
from drivers.receipt_printer.port import Heading, Line, Pair, Qr, Receipt, ReceiptOutcome
from drivers.receipt_printer.profile import EPSON_80
from drivers.receipt_printer.timing import Timing
from tests.soak.opposite import PEOPLE

WARM_UP = 0.1  # of the run: imports, pools, caches
QUICK = Backoff(first_s=0.02, most_s=0.1, settled_s=0.5)
MEMORY_MB = 4.0  # growth allowed after the warm-up; the allocator's own
NOT_PRINTED = {  # the driver says that nothing came out
    ReceiptOutcome.PAPER_OUT,
    ReceiptOutcome.COVER_OPEN,
    ReceiptOutcome.OFFLINE,
    ReceiptOutcome.HARDWARE_ERROR,
}
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass
class Tally:
    cards: Counter[str] = field(default_factory=Counter)
    receipts: Counter[str] = field(default_factory=Counter)
    said: dict[str, ReceiptOutcome] = field(default_factory=dict)
    wrong_cards: int = 0


@dataclass(frozen=True)
class Usage:
    descriptors: int
    tasks: int
    objects: int
    memory_mb: float

    @classmethod
    def now(cls) -> Usage:
        gc.collect()
        process = psutil.Process()
        return cls(
            process.num_fds(), len(asyncio.all_tasks()), len(gc.get_objects()), process.memory_info().rss / 1024 / 1024
        )

    def __str__(self) -> str:
        return f"{self.descriptors} descriptors, {self.tasks} tasks, {self.objects} objects, {self.memory_mb:.1f} MB"


async def read_cards(reader: SdtIdReader, count: int, tally: Tally) -> None:
    while tally.cards.total() < count:
        outcome = await reader.read_card(0.2)
        if isinstance(outcome, IdCard):
            tally.cards["read"] += 1
            tally.wrong_cards += outcome.number not in PEOPLE or outcome.name != "测试"
        else:
            tally.cards[outcome.value] += 1


async def print_receipts(printer: EscPosReceiptPrinter, count: int, tally: Tally) -> None:
    for number in range(count):
        name = f"No.{number:05d}"
        parts = (Heading("凭条"), Line(name), Pair("金额", "12.34"), Qr("TEST-0001", "仅供测试"))
        outcome = await printer.print_receipt(Receipt(parts))
        tally.receipts[outcome.value] += 1
        tally.said[name] = outcome


async def report(tally: Tally, reads: int, receipts: int) -> Usage:
    """Prints usage now and then; returns what it was when all had warmed up."""
    base: Usage | None = None
    while True:
        done = min(tally.cards.total() / reads, tally.receipts.total() / receipts)
        if base is None and done >= WARM_UP:
            base = Usage.now()
        typer.echo(f"{tally.cards.total():6} reads, {tally.receipts.total():6} receipts: {Usage.now()}")
        if done >= 1:
            return base or Usage.now()
        for _ in range(100):
            await asyncio.sleep(0.2)
            if tally.cards.total() >= reads and tally.receipts.total() >= receipts:
                break


async def soak(folder: Path, reads: int, receipts: int, tally: Tally) -> tuple[Usage, Usage]:
    reader = SdtIdReader(SdtSettings(SerialSettings(str(folder / "reader"), 921600), SdtTimings().scaled(0.04), QUICK))
    timing = Timing(reply_s=0.03, settle_s=0.3, confirm_s=0.6, cool_s=0.3, poll_s=0.02, counter_s=0.2, backoff=QUICK)
    printer = EscPosReceiptPrinter(SerialSettings(str(folder / "printer"), 921600), EPSON_80, timing=timing)
    await reader.open()
    await printer.open()
    watching = asyncio.create_task(report(tally, reads, receipts))
    await asyncio.gather(read_cards(reader, reads, tally), print_receipts(printer, receipts, tally))
    base = await watching
    end = Usage.now()
    await reader.close()
    await printer.close()
    return base, end


def lies(tally: Tally, slips: Counter[str]) -> Counter[str]:
    """What the driver said against what came out."""
    wrong: Counter[str] = Counter()
    for name, outcome in tally.said.items():
        if outcome is ReceiptOutcome.PRINTED and not slips[name]:
            wrong["printed, did not come out"] += 1
        if outcome in NOT_PRINTED and slips[name]:
            wrong[f"{outcome.value}, came out"] += 1
    wrong["came out twice"] = sum(count > 1 for name, count in slips.items() if name != "?")
    return +wrong


@app.command()
def main(
    reads: int = typer.Option(10_000, min=10),
    receipts: int = typer.Option(10_000, min=10),
    seed: int = typer.Option(20261122, help="The same seed breaks the same things."),
) -> None:
    """Exit status 1 when something leaked or a receipt was told wrongly."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    tally, began = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        opposite = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.opposite", folder, str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert opposite.stdin is not None
        assert opposite.stdout is not None
        while opposite.stdout.readline().strip() != "ready":
            if opposite.poll() is not None:
                raise typer.Exit(2)
        base, end = asyncio.run(soak(Path(folder), reads, receipts, tally))
        opposite.stdin.close()
        truth = json.loads(opposite.stdout.read().splitlines()[-1])
        opposite.wait(30)
    wrong = lies(tally, Counter(truth["slips"]))
    typer.echo(f"cards: {dict(tally.cards.most_common())}, read wrongly: {tally.wrong_cards}")
    typer.echo(f"receipts: {dict(tally.receipts.most_common())}")
    typer.echo(f"receipts told wrongly: {dict(wrong)}")
    typer.echo(f"faults: {sum(truth['faults'].values())}: {truth['faults']}")
    typer.echo(f"after warm-up: {base}")
    typer.echo(f"at the end:    {end}; {time.monotonic() - began:.0f} s")
    leaked = (
        end.descriptors > base.descriptors
        or end.tasks > base.tasks
        or end.memory_mb > base.memory_mb + MEMORY_MB
        or end.objects > base.objects * 1.02
    )
    if leaked or tally.wrong_cards or wrong:
        typer.echo("FAILED", err=True)
        raise typer.Exit(1)
    typer.echo("nothing leaked, nothing told wrongly")


if __name__ == "__main__":
    app()
