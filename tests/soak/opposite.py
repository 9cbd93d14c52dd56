"""The soak's other side, in a process of its own: an ID card reader and a receipt printer in which things break at
random, and which keep the truth about what they did. Ends when its standard input ends, and then prints that truth.

    python -m tests.soak.opposite FOLDER SEED
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import typer

from drivers.id_reader.port import CardKind
from drivers.virtual.id_card import VirtualCard
from drivers.virtual.id_reader import ReaderFault, VirtualIdReader
from drivers.virtual.receipt_printer import VirtualReceiptPrinter

READER_SPEED = 60.0
PRINTER_SPEED = 400.0
CALM_S = (0.05, 0.8)  # between two faults
TROUBLE_S = (0.02, 0.3)  # how long one lasts
WIRE = (ReaderFault.SILENT, ReaderFault.LATE, ReaderFault.BAD_CHECKSUM, ReaderFault.BAD_LENGTH, ReaderFault.TRUNCATED)
LINE = (ReaderFault.NOISE, ReaderFault.SLOW_BYTES, ReaderFault.GLUED, ReaderFault.RESET_MIDWAY)
CARD = (ReaderFault.WORN_CARD, ReaderFault.CARD_REFUSES, ReaderFault.SELECT_FAILS, ReaderFault.OK_DOES_NOTHING)
PEOPLE = ("519999199001010017", "519999199001010025", "51999919900101005X")


class Opposite:
    def __init__(self, folder: Path, seed: int) -> None:
        self._chance = random.Random(seed)
        self._reader = VirtualIdReader(folder / "reader", speed=READER_SPEED, late_s=0.3)
        self._printer = VirtualReceiptPrinter(folder / "printer", speed=PRINTER_SPEED, on_event=self._printed)
        self.faults: Counter[str] = Counter()
        self.slips: Counter[str] = Counter()

    def _printed(self, event: dict[str, object]) -> None:
        if event["event"] == "slip":
            slip = self._printer.slips[-1]
            self.slips[next((line for line in slip.text.split() if line.startswith("No.")), "?")] += 1
            if len(self._printer.slips) > 50:
                del self._printer.slips[:-5]

    async def run(self) -> None:
        await self._reader.start()
        await self._printer.start()
        typer.echo("ready")
        work = [asyncio.create_task(each) for each in (self._people(), self._trouble_reader(), self._trouble_printer())]
        await asyncio.to_thread(sys.stdin.read)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await asyncio.sleep(1.0)  # what is in the printer comes out
        await self._reader.stop()
        await self._printer.stop()
        typer.echo(json.dumps({"faults": self.faults, "slips": self.slips}))

    async def _people(self) -> None:
        """Cards come and go; some lie there for a second reading."""
        while True:
            number = self._chance.choice(PEOPLE)
            self._reader.lay_card(
                VirtualCard(
                    CardKind.RESIDENT, "测试", "1", "01", date(1990, 1, 1), "虚构市虚构区一号", number, "虚构市公安局",
                    date(2020, 1, 1), None,
                )
            )  # fmt: skip
            await asyncio.sleep(self._chance.uniform(0.05, 0.5))
            if self._chance.random() < 0.2:
                self._reader.lift_card()
                await asyncio.sleep(self._chance.uniform(0.0, 0.05))

    async def _trouble_reader(self) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(*CALM_S))
            if self._chance.random() < 0.08:
                self.faults["reader unplugged"] += 1
                self._reader.unplug()
                await asyncio.sleep(self._chance.uniform(*TROUBLE_S))
                self._reader.replug()
                continue
            fault = self._chance.choice(WIRE + LINE + CARD)
            self.faults[f"reader {fault.value}"] += 1
            self._reader.inject(fault)
            await asyncio.sleep(self._chance.uniform(*TROUBLE_S))
            self._reader.clear()

    async def _trouble_printer(self) -> None:
        printer, chance = self._printer, self._chance
        breaks = {
            "paper out": lambda: printer.set_paper("out"),
            "cover open": printer.open_cover,
            "cutter jam": printer.jam_cutter,
            "overheated": printer.overheat,
            "silent": printer.go_silent,
            "power cycle": printer.power_cycle,
        }
        while True:
            await asyncio.sleep(chance.uniform(*CALM_S))
            if chance.random() < 0.1:
                self.faults["printer unplugged"] += 1
                printer.pty.unplug()
                await asyncio.sleep(chance.uniform(*TROUBLE_S))
                printer.pty.replug()
                continue
            name = chance.choice(sorted(breaks))
            self.faults[f"printer {name}"] += 1
            await breaks[name]()
            await asyncio.sleep(chance.uniform(*TROUBLE_S))
            await printer.set_paper("full")
            await printer.repair()


if __name__ == "__main__":
    asyncio.run(Opposite(Path(sys.argv[1]), int(sys.argv[2])).run())
