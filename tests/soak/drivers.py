"""`make soak-drivers`: 10,000 card reads and 10,000 receipts while things break at random on the other side.

A receipt counts when it was sent to a printer that was ready; refusals do not. Three models print a third each.
Fails when file descriptors, tasks or memory grow, when a card is read wrongly, or when a receipt was called printed
that did not come out, or was refused although it did. Two things are figures and no failures: a slip that came out and
is called unknown (the kiosk then asks the counter of cuts, where there is one), and what the model that confirms
nothing calls printed.
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

from drivers.id_reader.driver import SdtIdReader, SdtSettings
from drivers.id_reader.port import IdCard
from drivers.id_reader.timings import SdtTimings
from drivers.link.serial import SerialSettings
from drivers.link.supervise import Backoff
from drivers.receipt_printer.driver import EscPosReceiptPrinter
from drivers.receipt_printer.port import Heading, Line, Pair, Qr, Receipt, ReceiptOutcome
from drivers.receipt_printer.profile import PROFILES
from drivers.receipt_printer.timing import Timing
from tests.soak.opposite import PEOPLE, PRINTERS

WARM_UP = 0.1  # of the run: imports, pools, caches
QUICK = Backoff(first_s=0.02, most_s=0.1, settled_s=0.5)
MEMORY_MB = 4.0  # growth allowed after the warm-up; the allocator's own
RESIDENT_S = 0.05  # until a resident tries again, or the next one comes
CONFIRMING = ("epson-80", "gb-80")
REFUSED = {  # the driver says that nothing came out
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
    said: dict[str, dict[str, ReceiptOutcome]] = field(default_factory=lambda: {model: {} for model in PRINTERS})
    refusals: int = 0
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


async def steady() -> Usage:
    """The most of some seconds: a device that is unplugged just now holds no descriptors."""
    looks = []
    for _ in range(20):
        looks.append(Usage.now())
        await asyncio.sleep(0.1)
    return max(looks, key=lambda usage: (usage.descriptors, usage.tasks, usage.memory_mb))


async def read_cards(reader: SdtIdReader, count: int, tally: Tally) -> None:
    while tally.cards.total() < count:
        outcome = await reader.read_card(0.2)
        if isinstance(outcome, IdCard):
            tally.cards["read"] += 1
            tally.wrong_cards += outcome.number not in PEOPLE or outcome.name != "测试"
        else:
            tally.cards[outcome.value] += 1


async def print_receipts(printer: EscPosReceiptPrinter, model: str, count: int, tally: Tally) -> None:
    sent = number = 0
    while sent < count:
        while not (await printer.refresh()).ready:
            await asyncio.sleep(RESIDENT_S)
        number += 1
        name = f"No.{list(PRINTERS).index(model)}{number:06d}"
        parts = (Heading("凭条"), Line(name), Pair("金额", "12.34"), Qr("TEST-0001", "仅供测试"))
        outcome = await printer.print_receipt(Receipt(parts))
        tally.said[model][name] = outcome
        if outcome in REFUSED:
            tally.refusals += 1
            await asyncio.sleep(RESIDENT_S)
            continue
        sent += 1
        tally.receipts[outcome.value] += 1


async def report(tally: Tally, reads: int, receipts: int) -> Usage:
    """Prints usage now and then; returns what it was when all had warmed up."""
    base: Usage | None = None
    while True:
        done = min(tally.cards.total() / reads, tally.receipts.total() / receipts)
        if base is None and done >= WARM_UP:
            base = await steady()
        typer.echo(f"{tally.cards.total():6} reads, {tally.receipts.total():6} receipts: {Usage.now()}")
        if done >= 1:
            return base or await steady()
        for _ in range(100):
            await asyncio.sleep(0.2)
            if tally.cards.total() >= reads and tally.receipts.total() >= receipts:
                break


async def soak(folder: Path, reads: int, receipts: int, tally: Tally) -> tuple[Usage, Usage]:
    reader = SdtIdReader(SdtSettings(SerialSettings(str(folder / "reader"), 921600), SdtTimings().scaled(0.04), QUICK))
    timing = Timing(reply_s=0.03, settle_s=0.12, confirm_s=0.6, cool_s=0.3, poll_s=0.02, counter_s=0.2, backoff=QUICK)
    printers = {
        model: EscPosReceiptPrinter(SerialSettings(str(folder / model), 921600), PROFILES[model], timing=timing)
        for model in PRINTERS
    }
    shares = {model: receipts // len(PRINTERS) for model in PRINTERS}
    shares["epson-80"] += receipts - sum(shares.values())
    await reader.open()
    for printer in printers.values():
        await printer.open()
    watching = asyncio.create_task(report(tally, reads, receipts))
    printing = [print_receipts(printer, model, shares[model], tally) for model, printer in printers.items()]
    await asyncio.gather(read_cards(reader, reads, tally), *printing)
    base = await watching
    end = await steady()
    await reader.close()
    for printer in printers.values():
        await printer.close()
    return base, end


def compare(said: dict[str, ReceiptOutcome], slips: Counter[str]) -> Counter[str]:
    """What the driver said, and what came out."""
    found: Counter[str] = Counter()
    for name, outcome in said.items():
        what = "refused" if outcome in REFUSED else outcome.value
        found[f"{what}, {'came out' if slips[name] else 'did not come out'}"] += 1
        found["came out twice"] += slips[name] > 1
    return +found


def lies(model: str, found: Counter[str]) -> int:
    wrong = found["refused, came out"] + found["came out twice"]
    return wrong + found["printed, did not come out"] if model in CONFIRMING else wrong


@app.command()
def main(
    reads: int = typer.Option(10_000, min=10),
    receipts: int = typer.Option(10_000, min=10),
    seed: int = typer.Option(20261122, help="The same seed breaks the same things."),
) -> None:
    """Exit status 1 when something leaked or a receipt was told wrongly."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # a cable pulled within a write
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
    slips, wrong = Counter(truth["slips"]), 0
    typer.echo(f"cards: {dict(tally.cards.most_common())}, read wrongly: {tally.wrong_cards}")
    typer.echo(f"receipts: {dict(tally.receipts.most_common())}; besides, {tally.refusals} refused")
    for model, said in tally.said.items():
        found = compare(said, slips)
        wrong += lies(model, found)
        typer.echo(f"  {model}: {sum(bool(slips[name]) for name in said)} reached paper: {dict(found.most_common())}")
    typer.echo(f"receipts told wrongly: {wrong}")
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
