"""The soak's other side, in a process of its own: an ID card reader and three receipt printers in which things break
at random, and which keep the truth about what they did. Ends when its standard input ends, and then prints that truth.

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
from drivers.virtual.receipt_printer import Model, VirtualReceiptPrinter

READER_SPEED = 60.0
PRINTER_SPEED = 400.0
CALM_S = (0.05, 0.8)  # between two faults
TROUBLE_S = (0.02, 0.3)  # how long one lasts
STARTING_S = (0.15, 0.4)  # a printer that starts again, or hangs: longer than its driver's patience, as in life
BARE = Model(process_id=False, counters=False, automatic_status=False, ids=None)
PRINTERS = {"epson-80": Model(), "gb-80": BARE, "generic-80": BARE}  # by the profile's name
WIRE = (ReaderFault.SILENT, ReaderFault.LATE, ReaderFault.BAD_CHECKSUM, ReaderFault.BAD_LENGTH, ReaderFault.TRUNCATED)
LINE = (ReaderFault.NOISE, ReaderFault.SLOW_BYTES, ReaderFault.GLUED, ReaderFault.RESET_MIDWAY)
CARD = (ReaderFault.WORN_CARD, ReaderFault.CARD_REFUSES, ReaderFault.SELECT_FAILS, ReaderFault.OK_DOES_NOTHING)
PEOPLE = ("519999199001010017", "519999199001010025", "51999919900101005X")


class Printer:
    """One receipt printer, and what came out of it: `slips` by the number that stands on them."""

    def __init__(self, folder: Path, name: str, seed: int) -> None:
        self._chance = random.Random(f"{seed} {name}")
        self._device = VirtualReceiptPrinter(
            folder / name, speed=PRINTER_SPEED, model=PRINTERS[name], on_event=self._hear
        )
        self.faults: Counter[str] = Counter()
        self.slips: Counter[str] = Counter()
        self.start, self.stop = self._device.start, self._device.stop

    def _hear(self, event: dict[str, object]) -> None:
        if event["event"] == "slip":
            # Two on one paper: a printer that cannot be told to forget half a slip goes on with it.
            text = self._device.slips[-1].text
            self.slips.update({word for word in text.split() if word.startswith("No.")} or {"?"})
            if len(self._device.slips) > 50:
                del self._device.slips[:-5]

    async def breaks(self) -> None:
        """For ever."""
        device, chance = self._device, self._chance
        begins = {
            "paper out": lambda: device.set_paper("out"),
            "cover open": device.open_cover,
            "cutter jam": device.jam_cutter,
            "overheated": device.overheat,
            "silent": device.go_silent,
            "power cycle": lambda: device.power(False),
            "unplugged": self._unplug,
        }
        while True:
            await asyncio.sleep(chance.uniform(*CALM_S))
            name = chance.choice(sorted(begins))
            self.faults[f"printer {name}"] += 1
            await begins[name]()
            await asyncio.sleep(chance.uniform(*(STARTING_S if name in ("silent", "power cycle") else TROUBLE_S)))
            device.pty.plug()
            await device.power(True)
            await device.set_paper("full")
            await device.repair()

    async def _unplug(self) -> None:
        self._device.pty.unplug()


class Opposite:
    def __init__(self, folder: Path, seed: int) -> None:
        self._chance = random.Random(seed)
        self._reader = VirtualIdReader(folder / "reader", speed=READER_SPEED, late_s=0.3)
        self._printers = [Printer(folder, name, seed) for name in PRINTERS]
        self.faults: Counter[str] = Counter()

    async def run(self) -> None:
        await self._reader.start()
        for printer in self._printers:
            await printer.start()
        typer.echo("ready")
        work = [asyncio.create_task(each) for each in (self._people(), self._trouble_reader())]
        work += [asyncio.create_task(printer.breaks()) for printer in self._printers]
        await asyncio.to_thread(sys.stdin.read)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await asyncio.sleep(1.0)  # what is in the printers comes out
        await self._reader.stop()
        for printer in self._printers:
            await printer.stop()
        faults = sum((printer.faults for printer in self._printers), self.faults)
        slips = sum((printer.slips for printer in self._printers), Counter[str]())
        typer.echo(json.dumps({"faults": faults, "slips": slips}))

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


if __name__ == "__main__":
    asyncio.run(Opposite(Path(sys.argv[1]), int(sys.argv[2])).run())
